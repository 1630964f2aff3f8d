"""What must be true of every interleaving, whoever met whom where.

- After every step all invariants of the table hold: what is half done is not there to be seen.
  Those that hold at rest hold in the end.
- In the end the answers and the table are those of one of the orders in which the requests come one
  after the other. Nobody is told to come back, for no pair outlasts patience; whoever meets an
  erasure may be, and comes back. Where that is not promised, the invariants are all there is.

Tables are compared without what chance draws: which shard or unit gave what, hashes, ids of audit
rows, how many tries were wrong.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chalicelib.program.documents import service as documents
from chalicelib.storage.work import Work
from tests.books import Books, Row, books_of
from tests.events import Reply
from tests.interleavings.engine import raw_of
from tests.interleavings.scheduler import Scheduler, World
from tests.invariants import AT_REST, INVARIANTS

SERVICE_UNAVAILABLE: Final = 503
REFUSED: Final = 400
BROKEN: Final = 500
"""Answers from these statuses on are refusals, and mistakes of ours."""
SEEN: Final = frozenset({"detail", "left", "made", "free", "taken", "withdrawn", "numbers"})
"""What a look at several items showed, each of them at another moment, and what chance drew."""
ALIKE: Final = {"limit_reached": "sold_out"}
"""Refusals that both hold: the look at the limit may be older than that at the units."""
DRAWN_SHAPES: Final = frozenset({"audit", "tries", "dispenser"})
"""What a retry may write otherwise than a first try."""
GIVING_SHAPES: Final = frozenset({"shard", "unit"})
"""What chance chooses among: only sums are compared."""
DRAWN_COLUMNS: Final = {
    "order": frozenset("u"),
    "import": frozenset("b"),
    "head": frozenset("rv"),
    "reward": frozenset({"m", "rs"}),
    "code": frozenset("n"),
}
"""Which units an order took; which numbers an import was promised, and so where the numbers of a
reward end and how often that moved the head."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: what everybody was told, and what stands in the table."""

    answers: tuple[str, ...]
    table: str


@dataclass
class Judge:
    """Judges what becomes of some requests by what becomes of them one after the other."""

    scheduler: Scheduler
    are_twins: bool = False
    is_ordered: bool = True
    right: set[Ending] = field(default_factory=set)
    seen: Counter[Ending] = field(default_factory=Counter)
    _tables: dict[bytes, str] = field(default_factory=dict)
    _left: dict[bytes, str] = field(default_factory=dict)

    def learn(self) -> None:
        """Play the requests in every order, one after the other."""
        for order in itertools.permutations(range(len(self.scheduler.start.players))):
            world = self.scheduler.in_turn(order)
            self.look(world)
            ending = self.ending(world)
            self.right.add(ending)
            if self.are_twins:
                # Whoever asks twice at once may be told twice that it was done.
                self.right.add(replace(ending, answers=(ending.answers[order[0]],) * len(order)))

    def look(self, world: World) -> None:
        """Hold the invariants of a table, and keep what stands in it."""
        if world.stand.digest not in self._tables:
            stage = self.scheduler.stage
            stage.engine.put_back(world.stand)
            zone = documents.present(Work(stage.mall.clock.now())).zone
            books = books_of(raw_of(world.stand), zone=zone)
            held = [invariant for invariant in INVARIANTS if invariant not in AT_REST]
            faults = [fault for invariant in held for fault in invariant(books)]
            assert not faults, "\n".join(faults)
            left = [fault for invariant in AT_REST for fault in invariant(books)]
            self._left[world.stand.digest] = "\n".join(left)
            self._tables[world.stand.digest] = "\n".join(sorted(_standing(books)))

    def judge(self, world: World) -> None:
        """Hold how a world ended against the orders."""
        ending = self.ending(world)
        assert ending in self.right or not self.is_ordered, _apart(ending, self.right)
        self.seen[ending] += 1

    def ending(self, world: World) -> Ending:
        """Return how a world ended that was looked at."""
        assert not self._left[world.stand.digest], self._left[world.stand.digest]
        answers = tuple(_answer(reply) for reply in world.replies)
        return Ending(answers, self._tables[world.stand.digest])


def _answer(reply: Reply) -> str:
    """Return an answer as two runs may compare it."""
    assert reply.status != SERVICE_UNAVAILABLE, "somebody was told to come back"
    assert reply.status < BROKEN, f"the program broke: {reply.text}"
    if reply.status >= REFUSED and reply["code"] in {*ALIKE, *ALIKE.values()}:
        return f"refused {ALIKE.get(reply['code'], reply['code'])}"
    told = {name: fact for name, fact in reply.json.items() if name not in SEEN}
    return f"{reply.status} {json.dumps(told, ensure_ascii=False)}"


def _standing(books: Books) -> Iterator[str]:
    """Yield what stands in the table as two runs may compare it."""
    given: dict[str, Counter[str]] = {}
    for shape in books.rows.keys() - DRAWN_SHAPES:
        for row in books.of(shape):
            told = _comparable(row, DRAWN_COLUMNS.get(shape, frozenset()))
            if shape in GIVING_SHAPES:
                name = f"{shape} {row['p'].partition('#')[0]}"
                given.setdefault(name, Counter()).update(_sums(told))
            else:
                yield json.dumps(told, sort_keys=True)
    for name, sums in given.items():
        yield f"{name}: {dict(sorted(sums.items()))}"


def _comparable(row: Row, drawn: frozenset[str]) -> dict[str, Any]:
    return {
        name: told
        for name, told in row.items()
        if not isinstance(told, bytes | None) and name not in drawn
    }


def _sums(row: Row) -> dict[str, int]:
    """Return a row's numbers, and for each other fact that it is there."""
    facts = {name: told for name, told in row.items() if name not in {"p", "s"}}
    return {name: told if isinstance(told, int) else 1 for name, told in facts.items()}


def _apart(ending: Ending, endings: set[Ending]) -> str:
    """Return how an ending differs from each that would be right."""
    lines = [f"these answers fit no order: {ending.answers}"]
    for right in endings:
        lines.append(f"right would be {right.answers}")
        lines += [
            f"  - {line}" for line in set(right.table.split("\n")) - set(ending.table.split("\n"))
        ]
        lines += [
            f"  + {line}" for line in set(ending.table.split("\n")) - set(right.table.split("\n"))
        ]
    return "\n".join(lines)
