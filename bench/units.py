"""Units of DynamoDB: what each operation writes and reads, and that it does not grow with anything.

The engine bills what AWS would and is asked at botocore's seam (`tests/meter.py`). The operations
and their budgets are `tests/priced*.py`, which a test asserts too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from typing import Final

from bench.crowd import many_members, many_rewards
from bench.ground import a_mall, an_engine, quiet
from bench.tables import Row, Table, keep, machine
from chalicelib.storage.work import Work
from infra.local.engines import RunningEngine
from tests.events import Reply
from tests.mall import Mall, a_purchase, id_of
from tests.meter import Meter, metered
from tests.postings import credit
from tests.priced import COUNTED, Priced
from tests.priced_orders import PRICED_ALL

FIRST_DAY: Final = date(2027, 1, 3)
LOTS: Final = (1, 10, 100, 400)
REWARDS: Final = (10, 1_000, 10_000)
MEMBERS: Final = (100, 10_000)

Fill = Callable[[Mall], None]


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    with an_engine() as engine:
        with quiet():
            operations = [_row(operation, a_mall(engine)) for operation in PRICED_ALL]
            flat = [_sized(engine, told, fill=fill) for told, fill in _sizes()]
        tables = [_operations(operations), _flat(flat)]
        keep("units", f"Units on {engine.kind} ({before})", tables=tables)


def _row(operation: Priced, mall: Mall) -> Row:
    ready = operation.prepare(mall)
    meter, _ = _measured(ready)
    limit = "none set" if operation.reads is None else operation.reads
    over = meter.writes > operation.budget
    over |= operation.reads is not None and meter.reads > operation.reads
    reads = meter.reads if meter.reads == meter.reads_billed else f"{meter.reads} †"
    whose = "architecture" if operation.is_given else "here"
    budget = f"{operation.budget} ({whose})"
    verdict = "**BREACH**" if over else "within"
    return (operation.name, operation.floor, meter.writes, budget, reads, limit, verdict)


def _operations(rows: list[Row]) -> Table:
    return Table(
        "Each operation",
        "Write units as the engine bills them, beside the floor (the items alone, two units each "
        "in a transaction) and the budget; what an operation writes above its floor are index "
        "entries. Reads are counted from the sizes of what came back, all consistent; † marks "
        "those that the engine billed otherwise. Given budgets are those of the architecture; "
        "the others were set here in the same manner. A cold browse finds nothing in the process.",
        ("operation", "floor", "written", "budget", "read", "read at most", "verdict"),
        rows,
        [f"{one.name}: {one.why}." for one in PRICED_ALL if one.why],
    )


def _sizes() -> Iterable[tuple[str, Fill]]:
    for lots in LOTS:
        yield f"{lots} earned lots", partial(_earn, count=lots)
    for count in REWARDS:
        yield f"{count:,} rewards", partial(many_rewards, count=count)
    for count in MEMBERS:
        yield f"{count:,} members", partial(many_members, count=count)


def _earn(mall: Mall, count: int) -> None:
    """Give lin lots of as many dates, a week apart; a wallet keeps 72 of them."""
    for week in range(count):
        expires_on = FIRST_DAY + timedelta(weeks=week)
        credit(Work(mall.clock.now()), id_of("lin"), points=10, expires_on=expires_on)


def _sized(engine: RunningEngine, told: str, *, fill: Fill) -> Row:
    """Return the units of the same operations in a mall of some size."""
    mall = a_mall(engine)
    lin = mall.member("lin", points=1_000)
    mug = mall.reward(points=10, stock=COUNTED)
    fill(mall)
    mall.member("first", points=100).post("/orders", {"reward_id": mug}, key="warm")
    measured = [
        _measured(lambda: mall.till.post("/purchases", a_purchase("lin", 50, "p"))),
        _measured(lambda: lin.post("/orders", {"reward_id": mug}, key="k")),
        _measured(lambda: lin.get("/catalog")),
        _measured(lambda: lin.get("/catalog")),
        _measured(lambda: lin.get("/me/wallet")),
        _measured(lambda: lin.get("/me/journal")),
    ]
    dates = len(measured[4][1]["lots"])
    return (told, dates, *(f"{told_units(meter)}" for meter, _ in measured))


def told_units(meter: Meter) -> str:
    """Return units written and read."""
    return f"{meter.writes:.0f} w, {meter.reads} r"


def _flat(rows: list[Row]) -> Table:
    return Table(
        "The same whatever the size",
        "Units written (w) and read (r) by a member whose wallet keeps so many dates, in a mall of "
        "one size after another. Lots are spread a week apart, so that 100 and 400 of them meet "
        "the cap of 72 dates; rewards and members are copied straight into the engine. A page "
        "holds 20 entries, and a cold browse reads up to 100 rewards, so they grow until there are "
        "as many, and then no further. Four of a cold browse's units are the shards of the one "
        "counted reward.",
        (
            *("size", "dates kept", "earn", "redeem", "browse, cold", "browse, warm"),
            *("wallet", "journal page"),
        ),
        rows,
    )


def _measured(ready: Callable[[], Reply]) -> tuple[Meter, Reply]:
    with metered() as meter:
        reply = ready()
    assert reply.status in {200, 201}, reply.text
    return meter, reply
