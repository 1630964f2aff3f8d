"""The scheduler: lets one call through at a time, in the order that a schedule says.

A schedule is a word of actors' names: `AABBA` lets A take two steps, then B two, then A one. A step
is one call, but for two kinds of call that DynamoDB does not carry out in an instant:

- A transaction takes two steps. It *begins*, and from then on holds its items; it *ends*, and all
  of it happens at once. Whoever tries to write an item that another one holds is refused at once:
  a transaction with `TransactionConflict` for each of these items, a plain write with
  `TransactionConflictException`. Reads see what was there before.
- A batch of reads takes a step an item: each item is read consistently, the batch is not.

An actor that was refused asks again after a pause. Until the items are free it would be told the
same, so it may only go on then. The price: a run in which somebody asks in vain until patience
ends is not among those that are explored.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.storage.table import Key
from tests.events import Reply
from tests.interleavings.actors import Actor, Heard, Send, Stage, remembered
from tests.interleavings.engine import NAME, Answer, Call, Stand, a_refusal

TRANSACTION: Final = "TransactWriteItems"
BATCH_READ: Final = "BatchGetItem"
PLAIN_WRITES: Final = frozenset({"UpdateItem", "PutItem", "DeleteItem"})
CONFLICT: Final = "TransactionConflict"
NAMES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STEPS_MAX: Final = 500
"""Far more than any requests take together; an actor that asks for ever ends here."""
NOTHING: Final = b"null"
"""The JSON of an item that is not there."""


@dataclass(frozen=True, slots=True)
class Player:
    """How far an actor is.

    `next`: its call, or the reply that it ended with. `parts`: the items that its batch has read.
    `refused`: the items on account of which its last call was refused.
    """

    heard: Heard
    next: Call | Reply
    begun: bool = False
    parts: tuple[bytes, ...] = ()
    refused: frozenset[Key] = frozenset()

    @property
    def held(self) -> frozenset[Key]:
        """Return the items that a transaction under way holds."""
        return frozenset(self.next.keys) if self.begun and isinstance(self.next, Call) else NO_KEYS


NO_KEYS: Final[frozenset[Key]] = frozenset()


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the future depends on, and how it came to this."""

    stand: Stand
    players: tuple[Player, ...]
    schedule: str = ""
    trace: tuple[str, ...] = ()

    @property
    def state(self) -> tuple[object, ...]:
        """Return what the future depends on; equal states have equal futures."""
        return (
            self.stand.digest,
            *((player.heard, player.begun, player.parts) for player in self.players),
        )

    @property
    def replies(self) -> list[Reply]:
        """Return the replies of those who are done."""
        return [player.next for player in self.players if isinstance(player.next, Reply)]

    def ready(self) -> list[int]:
        """Return who can take a step."""
        return [who for who, one in enumerate(self.players) if self._is_ready(who, one)]

    def held_from(self, who: int) -> frozenset[Key]:
        """Return the items that transactions of others hold."""
        return NO_KEYS.union(*(one.held for n, one in enumerate(self.players) if n != who))

    @property
    def is_over(self) -> bool:
        """Tell whether all are done, but for those who wait for what never opened to them."""
        calls = [one.next for one in self.players if isinstance(one.next, Call)]
        return not self.ready() and all(call.opens is not None for call in calls)

    def _is_ready(self, who: int, player: Player) -> bool:
        if isinstance(player.next, Reply):
            return False
        if player.next.opens is not None and not player.next.opens(self.stand):
            return False
        asks_again = bool(player.refused) and player.refused <= set(player.next.keys)
        return not (asks_again and player.refused & self.held_from(who))


class Scheduler:
    """Lets some requests go on, one step at a time, from the table as it is.

    `whole`: operations that take one step here whatever they are. `names`: whose steps are whose.
    """

    def __init__(
        self,
        stage: Stage,
        sends: Sequence[Send],
        *,
        whole: frozenset[str] = frozenset(),
        names: str = NAMES,
    ) -> None:
        """Let every request come to its first call."""
        self.stage = stage
        self.names = names
        self._whole = whole
        stage.memory = remembered()
        self._known: dict[tuple[bytes, str, bytes], tuple[Answer, Stand]] = {}
        self._actors = [
            Actor(name, send, stage=stage) for name, send in zip(names, sends, strict=False)
        ]
        players = tuple(Player((), actor.does_after(())) for actor in self._actors)
        self.start: Final = World(stage.engine.stand(), players)

    def step(self, world: World, who: int) -> World:
        """Return the world after one actor's next step."""
        player = world.players[who]
        call = player.next
        assert isinstance(call, Call), "who is done takes no step"
        assert len(world.schedule) < STEPS_MAX, "this takes for ever"
        after, stand, told = self._stepped(world, who, call)
        name = self.names[who]
        players = (*world.players[:who], after, *world.players[who + 1 :])
        return World(stand, players, world.schedule + name, (*world.trace, f"{name} {told}"))

    def in_turn(self, order: Sequence[int]) -> World:
        """Return how it ends when one after the other does all that it does."""
        world = self.start
        for who in order:
            while who in world.ready():
                world = self.step(world, who)
        return world

    def _stepped(self, world: World, who: int, call: Call) -> tuple[Player, Stand, str]:
        """Return an actor and the table after a step, and the step in words."""
        player, held = world.players[who], world.held_from(who)
        if call.operation == BATCH_READ and BATCH_READ not in self._whole:
            keys = call.keys[::-1] if self.stage.reads_backwards else call.keys
            key = keys[len(player.parts)]
            read = replace(player, parts=(*player.parts, world.stand.rows.get(key, NOTHING)))
            if len(read.parts) < len(call.keys):
                return read, world.stand, f"reads {key[0]}/{key[1]}"
            told = self._told(who, player, _merged(read.parts))
            return told, world.stand, f"reads {key[0]}/{key[1]}"
        if refused := _refused(player, call, held):
            told = replace(self._told(who, player, refused), refused=held & set(call.keys))
            return told, world.stand, f"is refused {call.told()}"
        if call.operation == TRANSACTION and not (player.begun or call.operation in self._whole):
            return replace(player, begun=True), world.stand, f"begins {call.told()}"
        answer, stand = self._carried_out(world.stand, call)
        words = f"{'ends' if player.begun else 'sends'} {call.told()}: {answer.code}"
        return self._told(who, player, answer), stand, words

    def _carried_out(self, stand: Stand, call: Call) -> tuple[Answer, Stand]:
        """Return what a call brings where the table stands so, and how it stands then."""
        named = (stand.digest, call.operation, call.body)
        if named not in self._known:
            engine = self.stage.engine
            engine.put_back(stand)
            self._known[named] = (engine.carry_out(call), engine.stand())
        return self._known[named]

    def _told(self, who: int, player: Player, answer: Answer) -> Player:
        """Return how far an actor is once it was given an answer."""
        heard = (*player.heard, answer)
        return Player(heard, self._actors[who].does_after(heard))


def _refused(player: Player, call: Call, held: frozenset[Key]) -> Answer | None:
    """Return what somebody is told who writes an item that others hold."""
    clash = [key in held for key in call.keys]
    if not any(clash):
        return None
    if call.operation in PLAIN_WRITES:
        return a_refusal(f"{CONFLICT}Exception")
    if call.operation != TRANSACTION or player.begun:
        return None
    reasons = [{"Code": CONFLICT, "Message": "held"} if one else {"Code": "None"} for one in clash]
    return a_refusal("TransactionCanceledException", CancellationReasons=reasons)


def _merged(parts: Sequence[bytes]) -> Answer:
    """Return the answer to a batch of reads."""
    found = [json.loads(item) for item in parts if item != NOTHING]
    told = {"Responses": {NAME: found}, "UnprocessedKeys": {}}
    return Answer(200, json.dumps(told).encode())
