"""What a rush must have come to, by its answers and by the orders in the table.

check_sold(mall, reward, answers, units=100)    every unit once, every loser told why
check_told(answers, placed_after)               nobody told "sold out" with units left
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from chalicelib.storage.work import Work
from tests.books import Books, read_books
from tests.invariants import check_all
from tests.mall import Mall
from tests.rush.buying import Answer

Numbers = Counter[int]


def check_sold(mall: Mall, reward_id: str, answers: Sequence[Answer], *, units: int) -> None:
    """Every unit is sold, none twice; whoever got none was told that they are sold out."""
    statuses = Counter((one.reply.status, one.reply.code) for one in answers)
    assert set(statuses) <= {(201, ""), (409, "sold_out")}, statuses
    work = Work(mall.clock.now())
    books = read_books(work)
    untold = ordered(books, reward_id) ^ {one.order_id for one in answers if one.order_id}
    assert not untold, f"answers and table do not agree on {sorted(untold)}"
    taken = taken_of(books, reward_id)
    assert taken.total() == units, f"{taken.total()} of {units} units are sold"
    twice = [number for number, times in taken.items() if times > 1]
    assert not (twice and is_numbered(books, reward_id)), f"sold twice: {sorted(twice)}"
    check_all(work)


def check_told(answers: Sequence[Answer], placed_after: Mapping[str, float]) -> None:
    """Nobody was told "sold out" before the transaction that took the last unit was sent."""
    last = max(placed_after.values())
    early = [one for one in answers if one.reply.code == "sold_out" and one.ended < last]
    assert not early, f"{len(early)} were told wrong, the first {last - early[0].ended:.3f} s early"


def begun(answers: Sequence[Answer]) -> dict[str, float]:
    """Return for each order when the first of its requests was sent; it was placed later."""
    first: dict[str, float] = {}
    for one in answers:
        if one.order_id:
            first[one.order_id] = min(one.began, first.get(one.order_id, one.began))
    return first


def ordered(books: Books, reward_id: str) -> set[str]:
    """Return the orders of a reward."""
    return {row["s"][2:] for row in books.of("order") if row["w"] == reward_id}


def taken_of(books: Books, reward_id: str) -> Numbers:
    """Return the units that orders of a reward took, by number or by shard."""
    taken: Numbers = Counter()
    for row in books.of("order"):
        if row["w"] == reward_id:
            taken.update({int(number): units for number, units in row["u"].items()})
    return taken


def is_numbered(books: Books, reward_id: str) -> bool:
    """Tell whether each unit of a reward has a number of its own."""
    modes = {row["m"] for row in books.of("order") if row["w"] == reward_id}
    return bool(modes & {"numbered", "coded"})
