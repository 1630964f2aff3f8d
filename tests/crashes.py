"""One use case under every fault: the driver of the crash matrix.

A *cell* is one client with data of its own who sends a request until it is answered, and then once
more. AWS calls are counted from the client's first one, through every repetition of ours and of
the client's, so a plan of two faults spoils the recovery from the first. A crash takes along what
the process remembered. Whatever the plan, the client must end with the answers and the items that
an undisturbed client ends with; a refusal on the way may only be "come back".

Items are compared by looking up every key that any attempt tried to write: ids and digests, which
differ between clients, are masked, and the rest must be equal.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from random import SystemRandom
from typing import Final

from chalicelib.storage.head import HEAD_KEY, read_head
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.work import Work
from tests.depth import IS_WHOLE
from tests.events import Reply
from tests.faults import Calls, Crashed, Fault, faults
from tests.traces import forget, written

Send = Callable[[], Reply]
Plan = Mapping[int, Fault]

SERVICE_UNAVAILABLE: Final = 503

FAULTS_MAX: Final = 2
"""More than that in one plan is an outage."""
SENDS_MAX: Final = FAULTS_MAX + 1
"""Each fault can cost the client one more try."""
OUTAGE_CALLS: Final = 200
"""More calls than any use case's patience lasts for."""
FIRSTS: Final = {
    False: frozenset(Fault) - (set() if IS_WHOLE else {Fault.CRASH_AFTER}),
    True: frozenset(Fault),
}
"""How a call is spoiled first, by whether it writes: nothing tells whether a read was carried out
before the process died."""
REFUSALS: Final = {
    False: (Fault.THROTTLED,) if IS_WHOLE else (),
    True: (Fault.CONFLICT, Fault.THROTTLED) if IS_WHOLE else (),
}
"""Faults that go on for a whole outage, by whether its first call writes; each ends as a call that
was never sent does."""
OUTAGES: Final = {
    False: ((Fault.UNSENT, Fault.UNSENT), *((one, one) for one in REFUSALS[False])),
    True: (
        (Fault.UNSENT, Fault.UNSENT),
        (Fault.LOST, Fault.UNSENT),
        (Fault.LOST, Fault.LOST),
        *((one, one) for one in REFUSALS[True]),
    ),
}
"""How an outage begins, and how every call after that ends, by whether its first call writes.

A read is the last thing that such a request does, and leaves nothing, whatever it fails of.
"""
ANSWERS: Final = 2
"""How often a client sends its request until it is answered."""
RECOVERED: Final[Plan] = {}
"""The plan once a client was told to come back: by then the outage is over."""
WRITING: Final = frozenset({"TransactWriteItems", "UpdateItem"})
STARTS: Final = {
    False: frozenset({Fault.UNSENT, Fault.CRASH_BEFORE}),
    True: frozenset({Fault.UNSENT, Fault.LOST, Fault.CRASH_BEFORE, Fault.CRASH_AFTER}),
}
"""Faults after which recoveries start from different places, by whether the call writes.

A recovery starts from what stands in the table and from what the process remembers. A fault that
leaves both as another one does starts the same recovery, whose calls are spoiled once.
"""


@dataclass(frozen=True, slots=True)
class Seconds:
    """How a call of a recovery is spoiled: one that reads, and one that writes."""

    reading: frozenset[Fault] = frozenset()
    writing: frozenset[Fault] = frozenset()

    def of(self, operation: str) -> frozenset[Fault]:
        """Return how a call is spoiled."""
        return self.writing if operation in WRITING else self.reading


EVERY_SECOND: Final = Seconds(STARTS[False], frozenset(Fault))
TELLING: Final = Seconds(writing=frozenset({Fault.LOST, Fault.CRASH_AFTER}))
TWICE: Final = EVERY_SECOND if IS_WHOLE else TELLING
"""For most use cases; `make test` leaves out seconds that write nothing. A read that fails is read
again, or the process is gone: that no fault is told otherwise is shown where it comes first."""
CRASHES: Final = Seconds(writing=frozenset({Fault.CRASH_AFTER}))
"""A recovery starts from every step, and dies behind every step again: for use cases that write
several times, and for those whose single steps are like another's, which is spoiled twice."""
ONCE: Final = Seconds()
"""For use cases whose recovery is made of the same calls as another's, which is spoiled twice."""
READ: Final = EVERY_SECOND if IS_WHOLE else ONCE
"""For what only reads, and so begins anew whatever became of it."""
MASKS: Final = (
    (re.compile(r"\b(mem|ord|rwd|rfd|imp)_[0-9A-Za-z]{11,20}\b"), r"\1_"),
    (re.compile(r"\bphone#[0-9A-Za-z]{22}"), "phone#"),
    (re.compile(r'"R#[0-9A-Za-z]{21}"'), '"R#"'),
    (re.compile(r'"wallet#[0-3]"'), '"wallet#"'),
    (re.compile(r"Z#[0-9A-Za-z]{8}\b"), "Z#"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "mark"),
    (re.compile(r"\+86[0-9]+"), "+86"),
    (re.compile(r"\b(purchase|refund|member|client)-[0-9]+\b"), r"\1-"),
)
"""What is a client's own: ids, digests and names. Everything else must be alike."""


class Hours:
    """A monotonic clock that only pauses move."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        """Let time pass at once."""
        self.seconds += seconds

    def elapsed(self) -> float:
        """Return how much has passed."""
        return self.seconds


class Loaded:
    """Dice that always choose the middle, so that cells can be compared; ids stay random."""

    def __init__(self) -> None:
        """Take randomness for ids from the system."""
        self._system = SystemRandom()

    def random(self) -> float:
        """Return the middle."""
        return 0.5

    def getrandbits(self, k: int, /) -> int:
        """Return random bits: an engine remembers client tokens."""
        return self._system.getrandbits(k)


@dataclass(frozen=True, slots=True)
class UseCase:
    """A request of a use case, and how a fresh client prepares it.

    `again`: the status of the same request once it was carried out. `masks`: what else differs
    between clients. `reads`: writes nothing, ever. `seconds`: what spoils the recovery.
    """

    name: str
    prepare: Callable[[], Send]
    again: int
    masks: tuple[tuple[str, str], ...] = ()
    reads: bool = False
    seconds: Seconds = TWICE

    def masked(self, text: str) -> str:
        """Return a text without what is a client's own."""
        for pattern, instead in (*MASKS, *((re.compile(p), i) for p, i in self.masks)):
            text = pattern.sub(instead, text)
        return text


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as two clients may compare it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a cell ended: both answers, the items, the calls, and how many led to the first."""

    first: Told
    again: Told
    items: Counter[str]
    calls_first: int
    made: tuple[str, ...]


@dataclass
class Matrix:
    """Runs the cells of one use case; `cells` counts them."""

    case: UseCase
    cells: int = 0
    work: Work = field(default_factory=lambda: Work(datetime.now(UTC)))

    def run(self) -> None:
        """Run every cell: one fault, a second one in the recovery, an outage."""
        calm = self.cell({})
        assert calm.again.status == self.case.again
        assert calm.calls_first > 0, "a use case without a call needs no matrix"
        for at, fault in product(range(len(calm.made)), Fault):
            if fault not in FIRSTS[calm.made[at] in WRITING]:
                continue
            once = self.judged({at: fault}, calm)
            if at < calm.calls_first and fault in STARTS[calm.made[at] in WRITING]:
                for then in range(at + 1, len(once.made)):
                    for second in self.case.seconds.of(once.made[then]):
                        self.judged({at: fault, then: second}, calm)
        for at in range(calm.calls_first):
            for begins, goes_on in OUTAGES[calm.made[at] in WRITING]:
                outage = dict.fromkeys(range(at, OUTAGE_CALLS), goes_on) | {at: begins}
                self.judged(outage, calm)

    def judged(self, plan: Plan, calm: Ended) -> Ended:
        """Run a cell and compare how it ended with an undisturbed one."""
        ended = self.cell(plan)
        told = {at: plan[at].name for at in sorted(plan)[:2]}
        assert ended.first in (calm.first, calm.again), (told, ended.first)
        assert ended.again == calm.again, (told, ended.again)
        assert ended.items == calm.items, (told, ended.items - calm.items, calm.items - ended.items)
        return ended

    def cell(self, plan: Plan) -> Ended:
        """Let one client send its request, under a plan, until it is answered twice."""
        self.cells += 1
        send = self.case.prepare()
        forget()
        before = read_head(self.work).revision
        with written() as keys, faults(plan) as counted:
            first = self._answer(send, counted)
            calls_first = len(counted.made)
            again = first if self.case.reads else self._answer(send, counted)
        told_to_come_back = counted.plan is RECOVERED
        assert told_to_come_back == (len(plan) > FAULTS_MAX), "only an outage outlasts patience"
        assert told_to_come_back or max(plan, default=-1) < len(counted.made), (
            "a fault did not happen"
        )
        if self.case.reads:
            assert not keys, "a GET tried to write"
        items = self._items(keys, before=before)
        return Ended(first, again, items, calls_first, tuple(counted.made))

    def _answer(self, send: Send, counted: Calls) -> Told:
        """Return what a client is told in the end, who comes back whenever it is told to."""
        for _ in range(SENDS_MAX):
            try:
                reply = send()
            except Crashed:
                forget()
                continue
            if reply.status != SERVICE_UNAVAILABLE:
                return self._told(reply)
            assert reply.code in {"contended", "unavailable"}
            assert int(reply.headers["retry-after"]) >= 1
            counted.plan = RECOVERED
        raise AssertionError("a client that comes back must be answered")

    def _told(self, reply: Reply) -> Told:
        headers = {
            name: self.case.masked(reply.headers[name])
            for name in reply.headers
            if name != "idempotency-replayed"
        }
        # DynamoDB's maps have no order, so the members of an answer have none either.
        body = json.dumps(reply.json, sort_keys=True, ensure_ascii=False)
        return Told(reply.status, tuple(sorted(headers.items())), self.case.masked(body))

    def _items(self, keys: set[Key], *, before: int) -> Counter[str]:
        """Return what stands now wherever anything was tried to be written."""
        found = fetch_raw(self.work, sorted(keys))
        return Counter(self._item(key, raw, before=before) for key, raw in found.items())

    def _item(self, key: Key, raw: RawItem, *, before: int) -> str:
        if key == HEAD_KEY:
            return f"head + {int(raw['r']['N']) - before}"
        if key[0].startswith("tries#"):
            # A crash may count a wrong try once more; one that was answered always counts.
            assert len(raw["n"]["M"]) >= ANSWERS
            return "wrong tries"
        return self.case.masked(json.dumps(raw, sort_keys=True, default=lambda _: "bytes"))
