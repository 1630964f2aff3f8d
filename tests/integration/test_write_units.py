"""What operations cost in units of DynamoDB, against the house's budget and against the floor.

Both engines bill writes alike; reads are counted from the sizes of what came back.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chalicelib.storage.work import Work
from tests.mall import Mall, id_of
from tests.meter import item_bytes, metered
from tests.postings import credit
from tests.priced import ADDRESS, COUNTED, Priced, caller
from tests.priced_orders import PRICED_ALL

ITEM_BYTES_MAX = 1024
"""One write unit."""


@pytest.mark.parametrize("operation", PRICED_ALL, ids=lambda operation: operation.name)
def test_every_operation_stays_within_its_budget(mall: Mall, operation: Priced) -> None:
    ready = operation.prepare(mall)
    with metered() as meter:
        reply = ready()
    assert reply.status in {200, 201}, reply.text
    assert operation.floor <= meter.writes <= operation.budget
    assert operation.reads is None or meter.reads <= operation.reads + operation.reads_over


def test_an_order_paid_from_70_dates_costs_as_much_as_one_paid_from_one(mall: Mall) -> None:
    mug = mall.reward(points=3_501, stock=COUNTED)
    lin = mall.member("lin")
    for week in range(80):
        expires_on = date(2027, 1, 3) + timedelta(weeks=week)
        credit(Work(mall.clock.now()), id_of("lin"), points=1_000, expires_on=expires_on)
    assert len(lin.get("/me/wallet")["lots"]) == 72
    mall.member("first", points=4_000).post("/orders", {"reward_id": mug}, key="warm")
    body = {"reward_id": mug, "quantity": 20, "address": ADDRESS}
    with metered() as meter:
        assert caller(mall, "lin").post("/orders", body, key="k").status == 201
    assert (meter.writes, meter.reads) == (11, 2)


def test_sizes_are_counted_as_dynamodb_counts_them() -> None:
    assert item_bytes({"p": {"S": "积分"}, "n": {"N": "-12345"}}) == 1 + 6 + 1 + 4
    assert item_bytes({"d": {"M": {"a": {"N": "1"}}}, "z": {"BOOL": True}}) == 1 + 3 + 1 + 3 + 2
