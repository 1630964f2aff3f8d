"""Actors: each is a request that stops before every call, to be told what the call brings.

An actor is a process by itself, as on Lambda: it has its own dice, its own monotonic clock, which
only its own pauses move, and its own memory of what processes keep. So what it does next follows
from the answers that it was given and from nothing else. That makes threads needless: to learn what
an actor does after some answers, the request is sent anew, is given these answers, and is dropped
at the first call that has none. What it then asked is remembered; and whenever it is sent anew, it
must ask on the way what it asked before.

    actor = Actor("A", send, stage=stage)
    actor.does_after(())                    # its first call
    actor.does_after((answer,))             # its second one, or the reply that it ends with
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.storage.kept import Kept
from chalicelib.storage.table import connection
from tests.crashes import Hours
from tests.events import Reply
from tests.interleavings.engine import Answer, Call, Ground, Stand, unsigned
from tests.mall import OPENING, Mall

Send = Callable[[], Reply]
Heard = tuple[Answer, ...]
Memory = tuple[dict[Any, Any], ...]
Rehearsals = dict[tuple[bytes, str, bytes], tuple[Answer, Stand]]


class Dropped(BaseException):
    """The actor has told its next call; no `except` of the program may catch that."""


class Actor:
    """One request on its way, from the table of one moment."""

    def __init__(self, name: str, send: Send, *, stage: Stage) -> None:
        """Set the request up; nothing is sent yet."""
        self.name = name
        self.dice = Random()
        self.hours = Hours()
        self._stage = stage
        self._send = send
        self._known: dict[Heard, Call | Reply] = {}
        self._heard: Heard = ()
        self._asked: list[Call] = []
        self._strayed = False

    def does_after(self, heard: Heard) -> Call | Reply:
        """Return what the request does once it was given these answers."""
        if heard not in self._known:
            self._known[heard] = self._sent_anew(heard)
        return self._known[heard]

    def ask(self, call: Call) -> Answer:
        """Return what a call brings, or drop the request where nobody has told."""
        number = len(self._asked)
        self._asked.append(call)
        if number == len(self._heard):
            raise Dropped
        before = self._known[self._heard[:number]]
        if not isinstance(before, Call) or before.body != call.body:
            # The program turns any error into an answer, so this one is told later.
            self._strayed = True
            raise Dropped
        return self._heard[number]

    def _sent_anew(self, heard: Heard) -> Call | Reply:
        self._heard, self._asked = heard, []
        self.dice.seed(f"{self._stage.seed} {self.name}")
        self.hours.seconds = 0.0
        with self._stage.played_by(self):
            try:
                return self._send()
            except Dropped:
                assert not self._strayed, f"{self.name} asks another thing than before"
                return self._asked[-1]


@dataclass
class Stage:
    """The app over the engine: it hands calls, dice and clock to the actor that plays.

    While nobody plays, a test prepares or checks, and its calls go straight to the engine. `memory`
    is what every actor's process remembers when it begins; `reads_backwards` the order in which
    the items of a batch are read, which DynamoDB leaves open; `rehearsals` what the calls of
    preparations brought, by how everything stood: most meetings begin as others did.
    """

    mall: Mall
    engine: Ground
    rehearsals: Rehearsals = field(default_factory=dict)
    seed: int = 0
    reads_backwards: bool = False
    memory: Memory = ()
    _player: Actor | None = None
    _is_rehearsing: bool = False
    _chance: Random = field(default_factory=lambda: Random(0))
    _backstage: Hours = field(default_factory=Hours)

    @contextmanager
    def played_by(self, actor: Actor) -> Iterator[None]:
        """Let an actor play, who remembers what every process does at the beginning."""
        remember(self.memory)
        self._player = actor
        try:
            yield
        finally:
            self._player = None

    def answer(self, call: Call) -> Answer:
        """Return what a call of the player's brings, or one that a test makes."""
        if self._player:
            return self._player.ask(call)
        return self._rehearsed(call) if self._is_rehearsing else self.engine.carry_out(call)

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Prepare what others may have prepared: a call that is known is not carried out again."""
        self._is_rehearsing = True
        try:
            yield
        finally:
            self._is_rehearsing = False

    def _rehearsed(self, call: Call) -> Answer:
        named = (self.engine.stand().digest, call.operation, call.body)
        if named not in self.rehearsals:
            self.rehearsals[named] = (self.engine.carry_out(call), self.engine.stand())
        answer, stand = self.rehearsals[named]
        self.engine.put_back(stand)
        return answer

    def getrandbits(self, k: int, /) -> int:
        """Return bits from the player's dice."""
        return (self._player.dice if self._player else self._chance).getrandbits(k)

    def random(self) -> float:
        """Return a number from the player's dice."""
        return (self._player.dice if self._player else self._chance).random()

    def pause(self, seconds: float) -> None:
        """Move the player's clock. Others may go on before its next call, as before every call."""
        (self._player.hours if self._player else self._backstage).pause(seconds)

    def elapsed(self) -> float:
        """Return the player's clock."""
        return (self._player.hours if self._player else self._backstage).elapsed()

    def reset(self) -> None:
        """Begin with an empty table, the same chance and no memory, whatever was before."""
        self.engine.clear()
        self._chance.seed(self.seed)
        self._backstage.seconds = 0.0
        self.mall.numbers = itertools.count()
        self.mall.clock.instant = OPENING
        remember(tuple({} for _ in _kept()))

    @contextmanager
    def lit(self) -> Iterator[None]:
        """Stand between the app and its engine for as long as this lasts."""
        app = self.mall.app
        before = (app.dice, app.pause, app.elapsed)
        app.dice, app.pause, app.elapsed = self, self.pause, self.elapsed
        events = connection().connection.client.meta.events
        # The stubs know only handlers without an answer.
        handler: Any = self._before_send
        signer: Any = unsigned
        events.register_first("before-send.dynamodb", handler)
        # Signatures, which nobody reads here, would take a tenth of the time, and name a region.
        events.register_first("choose-signer.dynamodb", signer)
        try:
            yield
        finally:
            events.unregister("choose-signer.dynamodb", signer)
            events.unregister("before-send.dynamodb", handler)
            app.dice, app.pause, app.elapsed = before

    def _before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return self.answer(Call.of(request)).to(request)


def remembered() -> Memory:
    """Return a copy of what the process remembers."""
    return tuple(dict(values) for values in _kept())


def remember(memory: Memory) -> None:
    """Let the process remember this and nothing else."""
    for values, told in zip(_kept(), memory, strict=True):
        values.clear()
        values.update(told)


@cache
def _kept() -> Memory:
    """Return whatever the program's modules keep between requests; the app has imported all."""
    modules = [vars(sys.modules[name]) for name in sys.modules if name.startswith("chalicelib.")]
    kept = [value for names in modules for value in names.values() if isinstance(value, Kept)]
    return tuple(vars(one)["_values"] for one in kept)
