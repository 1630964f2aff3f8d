"""The invariants are not blind: each corruption, planted by boto3, is seen by the right one."""

from __future__ import annotations

from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.books import read_books, scan
from tests.events import CHANNEL, Api, a_caller
from tests.invariants import INVARIANTS, check_all, snapshot
from tests.mall import CHANNEL_NAME, Mall, id_of, made
from tests.vandalism import PLANTS, n, put, restore, wallet

ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000002",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
LIN: Final = {"subject": "lin", "name": "林小雨", "phone": "+8613800000001"}
ANA: Final = {"subject": "ana", "name": "Ana María", "email": "ana@example.test"}


@pytest.fixture
def work(mall: Mall) -> Work:
    """Return the circumstances of a mall in which most things have happened once."""
    till, lin = Api(mall.app, CHANNEL), Api(mall.app, a_caller("member", subject="lin"))
    for somebody in (LIN, ANA):
        made(till.post("/members", somebody), 201)
    first = mall.earn("lin", 500)
    assert first["points"] == 500
    mall.clock.advance(days=40)
    mall.earn("lin", 300)
    path = f"/purchases/{CHANNEL_NAME}/p-0/refunds"
    made(till.post(path, {"refund_id": "r-1", "amount": 10050}), 201)
    limits = [{"per": "month", "units": 3}, {"per": "ever", "units": 9}]
    mug = mall.reward(100, stock={"mode": "counted", "units": 8}, limits=limits)
    order = {"reward_id": mug, "quantity": 2, "address": ADDRESS}
    made(lin.post("/orders", order, key="k"), 201)
    made(mall.marketing.post(f"/admin/rewards/{mug}/stock", {"add": 5}, key="more"), 200)
    mall.reward(40)
    made(mall.support.post(f"/admin/members/{id_of('ana')}/freeze", {"reason": "lost"}), 200)
    mall.clock.advance(days=800)
    mall.earn("lin", 10)
    return Work(mall.clock.now())


def test_each_corruption_is_seen_by_its_invariant(work: Work, subtests: pytest.Subtests) -> None:
    check_all(work)
    before = scan()
    for planted, (invariant, plant) in PLANTS.items():
        with subtests.test(planted):
            plant()
            assert list(invariant(read_books(work)))
            with pytest.raises(AssertionError):
                check_all(work)
        restore(before)
    check_all(work)


def test_every_invariant_has_a_corruption_that_it_sees() -> None:
    assert {invariant for invariant, _ in PLANTS.values()} == set(INVARIANTS)


def test_a_snapshot_changes_with_every_write_except_wrong_tries(work: Work) -> None:
    before = snapshot(work)
    put({"p": {"S": "tries#resolve#till-1"}, "s": {"S": "T#1"}, "n": n(1)})
    assert snapshot(work) == before
    wallet(a=n(11))
    assert snapshot(work) != before
