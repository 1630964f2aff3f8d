"""Refunds over HTTP: what they take back, from where, and that no sequence takes more or less."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.kernel.errors import Contended
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Lot
from chalicelib.storage.transaction import Moved, Transaction, persist
from chalicelib.tiers.earning import store
from chalicelib.tiers.earning.model import Purchase, Refund
from tests.api.till import MEMBER_ID, NOW, STORE, STRANGER_ID, Till, a_till, whole_table
from tests.events import Reply, a_caller
from tests.faults import Fault, faults
from tests.meter import metered

NOVEMBER = date(2028, 11, 30)
DECEMBER = date(2028, 12, 31)
MONTH_LATER = NOW + timedelta(days=30)
LAST_INSTANT = datetime(2028, 11, 30, 15, 59, 59, tzinfo=UTC)
"""The last second in which points of November can be used, in Shanghai."""


@pytest.fixture
def till(table: str) -> Till:  # noqa: ARG001 - the till works on it
    return a_till()


def taken(reply: Reply) -> tuple[int, int, int]:
    """Return the status, all points clawed back, and the debt among them."""
    return reply.status, reply["points_clawed_back"], reply["debt"]


def test_a_refund_takes_back_what_the_money_had_earned(till: Till) -> None:
    till.purchase()
    assert taken(till.refund("r-1", {"amount": 5000, "currency": "cny"})) == (201, 50, 0)
    assert till.wallet().lots == (Lot(NOVEMBER, 78),)
    entry = till.newest_entry()
    assert entry.reason is Reason.REFUND
    assert entry.legs == {Account.CLAWED_BACK: 50, Account.AVAILABLE: -50}
    assert entry.refers == {"purchase": "store-1/p-1", "refund": "r-1"}
    assert till.faults() == ()


def test_a_bare_amount_is_minor_units_of_the_purchases_own_currency(till: Till) -> None:
    till.purchase()
    assert taken(till.refund("r-1", 5000)) == (201, 50, 0)
    assert taken(till.refund("r-1", {"amount": 5000, "currency": "cny"})) == (200, 50, 0)


def test_a_refund_costs_eight_write_units_and_three_read_units(till: Till) -> None:
    till.purchase()
    till.refund("warm", 100)
    with metered() as used:
        assert till.refund("r-1", 100).status == 201
    assert (used.writes, used.reads) == (8, 3)


def test_partial_refunds_end_where_one_refund_of_their_sum_ends(till: Till) -> None:
    till.purchase("p-1", amount=9990)
    till.purchase("p-2", amount=9990)
    steps = [till.refund(f"r-{n}", 999, purchase_id="p-1") for n in range(10)]
    assert sum(step["points_clawed_back"] for step in steps) == 99
    assert taken(till.refund("r-1", 9990, purchase_id="p-2")) == (201, 99, 0)
    assert till.wallet().available == 0
    assert till.faults() == ()


def test_a_refund_that_takes_no_points_is_booked_too(till: Till) -> None:
    till.purchase(amount=9999)
    assert taken(till.refund("r-1", 99)) == (201, 0, 0)
    assert till.newest_entry().legs == {}
    assert taken(till.refund("r-1", 99)) == (200, 0, 0)
    assert taken(till.refund("r-2", 1)) == (201, 1, 0)


def test_a_refund_reported_again_gets_the_same_answer_and_changes_nothing(till: Till) -> None:
    till.purchase()
    first = till.refund("r-1", 12850)
    before = whole_table()
    again = till.refund("r-1", 12850)
    assert (again.status, again.json) == (200, first.json)
    assert whole_table() == before


@pytest.mark.parametrize("amount", [100, 99_999, {"amount": 12850, "currency": "usd"}])
def test_a_refund_id_reported_otherwise_conflicts(till: Till, amount: object) -> None:
    till.purchase()
    till.refund("r-1", 12850)
    before = whole_table()
    reply = till.refund("r-1", amount)
    assert (reply.status, reply.code) == (409, "purchase_conflict")
    assert whole_table() == before


def test_a_purchases_refund_ids_are_its_own(till: Till) -> None:
    till.purchase("p-1")
    till.purchase("p-2")
    assert taken(till.refund("r-1", 100, purchase_id="p-1")) == (201, 1, 0)
    assert taken(till.refund("r-1", 200, purchase_id="p-2")) == (201, 2, 0)


def test_no_more_than_what_is_left_of_a_purchase_is_refunded(till: Till) -> None:
    till.purchase(amount=10_000)
    till.refund("r-1", 4_000)
    before = whole_table()
    reply = till.refund("r-2", 6_001)
    assert (reply.status, reply.code) == (422, "refund_exceeds_purchase")
    assert (reply["refundable"], reply["currency"]) == (6_000, "cny")
    assert whole_table() == before
    assert taken(till.refund("r-2", 6_000)) == (201, 60, 0)
    assert till.refund("r-3", 1)["refundable"] == 0


def test_a_refund_in_another_currency_is_refused(till: Till) -> None:
    till.purchase()
    reply = till.refund("r-1", {"amount": 100, "currency": "usd"})
    assert (reply.status, reply.code, reply["currency"]) == (422, "currency_not_supported", "cny")


@pytest.mark.parametrize("purchase_id", ["p-2", "x" * 65, "x" * 3000, "a%20b", "a%23b", "%FF"])
def test_an_unknown_or_malformed_purchase_is_not_found(till: Till, purchase_id: str) -> None:
    till.purchase()
    reply = till.refund("r-1", 100, purchase_id=purchase_id)
    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize("channel", ["store-2", "x" * 3000, "a%23b"])
def test_a_client_refunds_at_no_channel_but_its_own(till: Till, channel: str) -> None:
    till.purchase()
    for purchase_id in ("p-1", "p-2"):
        path = f"/purchases/{channel}/{purchase_id}/refunds"
        assert till.api.post(path, {"refund_id": "r-1", "amount": 1}).code == "forbidden"


def test_another_channels_client_learns_nothing_of_a_purchase(till: Till) -> None:
    till.change_program(channels={"till-1": STORE, "till-2": "store-2"})
    till.purchase()
    for client in ("till-2", "till-3"):
        api = till.api.by(a_caller("channel", subject=client, client=client))
        for purchase_id in ("p-1", "p-2"):
            path = f"/purchases/{STORE}/{purchase_id}/refunds"
            assert api.post(path, {"refund_id": "r-1", "amount": 1}).code == "forbidden"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"refund_id": "", "amount": 1}, "/refund_id"),
        ({"refund_id": "x" * 65, "amount": 1}, "/refund_id"),
        ({"refund_id": "a b", "amount": 1}, "/refund_id"),
        ({"refund_id": None, "amount": 1}, "/refund_id"),
        ({"refund_id": "r-1", "amount": 0}, "/amount"),
        ({"refund_id": "r-1", "amount": -1}, "/amount"),
        ({"refund_id": "r-1", "amount": 10**12 + 1}, "/amount"),
        ({"refund_id": "r-1", "amount": 1.0}, "/amount"),
        ({"refund_id": "r-1", "amount": True}, "/amount"),
        ({"refund_id": "r-1", "amount": None}, "/amount"),
        ({"refund_id": "r-1", "amount": {"amount": 0, "currency": "cny"}}, "/amount/amount"),
        ({"refund_id": "r-1", "amount": {"amount": 1}}, "/amount/currency"),
        ({"refund_id": "r-1", "amount": 1, "more": 1}, "/more"),
    ],
)
def test_an_invalid_field_is_pointed_at(till: Till, body: dict[str, Any], pointer: str) -> None:
    till.purchase()
    before = whole_table()
    reply = till.api.post(f"/purchases/{STORE}/p-1/refunds", body)
    assert (reply.status, reply.code) == (422, "invalid")
    assert reply.pointers() == [pointer]
    assert whole_table() == before


@pytest.mark.parametrize("refund_id", ["r", "x" * 64, "A.b_c~d-9"])
def test_a_refund_id_has_1_to_64_unreserved_characters(till: Till, refund_id: str) -> None:
    till.purchase()
    assert till.refund(refund_id, 100).status == 201


def test_the_purchases_own_date_gives_first_then_the_soonest_then_debt(till: Till) -> None:
    till.purchase("november", amount=3000)
    till.clock.at = MONTH_LATER
    till.purchase("december", amount=5000)
    till.spend(10)
    assert till.wallet().lots == (Lot(NOVEMBER, 20), Lot(DECEMBER, 50))
    assert taken(till.refund("r-1", 4000, purchase_id="december")) == (201, 40, 0)
    assert till.wallet().lots == (Lot(NOVEMBER, 20), Lot(DECEMBER, 10))
    till.spend(15)
    assert till.wallet().lots == (Lot(NOVEMBER, 5), Lot(DECEMBER, 10))
    assert taken(till.refund("r-2", 3000, purchase_id="november")) == (201, 30, 15)
    assert till.wallet().lots == ()
    assert till.wallet().debt == 15
    assert till.faults() == ()


def test_a_refund_after_spending_leaves_debt_that_the_next_purchase_pays_first(till: Till) -> None:
    till.purchase("p-1", amount=10_000)
    till.spend(70)
    assert taken(till.refund("r-1", 10_000)) == (201, 100, 70)
    entry = till.newest_entry()
    assert entry.legs == {Account.CLAWED_BACK: 100, Account.AVAILABLE: -30, Account.DEBT: -70}
    half = till.purchase("p-2", amount=5_000)
    assert (half["points"], half["debt_paid"]) == (50, 50)
    rest = till.purchase("p-3", amount=5_000)
    assert (rest["points"], rest["debt_paid"]) == (50, 20)
    assert till.purchase("p-3", amount=5_000).json == rest.json
    assert (till.wallet().available, till.wallet().debt) == (30, 0)
    assert till.faults() == ()


def test_points_that_paid_debt_are_taken_back_like_any_others(till: Till) -> None:
    till.purchase("p-1", amount=10_000)
    till.spend(100)
    till.refund("r-1", 10_000)
    till.purchase("p-2", amount=10_000)
    assert taken(till.refund("r-1", 10_000, purchase_id="p-2")) == (201, 100, 100)
    assert (till.wallet().available, till.wallet().debt) == (0, 100)
    assert till.faults() == ()


def test_points_of_a_purchases_last_day_are_taken_back(till: Till) -> None:
    till.purchase()
    till.clock.at = LAST_INSTANT
    assert taken(till.refund("r-1", 12850)) == (201, 128, 0)


def test_nothing_is_taken_back_for_points_that_have_expired(till: Till) -> None:
    till.purchase("old", amount=10_000)
    till.clock.at = LAST_INSTANT + timedelta(seconds=1)
    till.purchase("new", amount=10_000)
    assert taken(till.refund("r-1", 10_000, purchase_id="old")) == (201, 0, 0)
    assert taken(till.refund("r-1", 10_000, purchase_id="old")) == (200, 0, 0)
    assert (till.wallet().available, till.wallet().debt) == (100, 0)
    assert till.faults() == ()


def test_a_refund_is_judged_by_the_settings_of_its_purchase(till: Till) -> None:
    till.purchase()
    till.change_program(points_per_unit=7, currency="usd")
    assert taken(till.refund("r-1", 12850)) == (201, 128, 0)


def test_a_frozen_members_purchase_can_be_refunded(till: Till) -> None:
    till.purchase()
    wallets.set_frozen(till.work, MEMBER_ID, frozen=True, by="sub-operator", reason="a check")
    assert taken(till.refund("r-1", 12850)) == (201, 128, 0)


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST, Fault.CONFLICT, Fault.THROTTLED])
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_call_that_goes_wrong_once_changes_no_answer(till: Till, fault: Fault, nth: int) -> None:
    till.purchase()
    with faults({nth: fault}) as calls:
        reply = till.refund("r-1", 5000)
    assert len(calls.made) > nth
    assert taken(reply) == (201, 50, 0)
    assert till.wallet().available == 78
    assert till.faults() == ()


def a_booked_purchase(till: Till) -> Purchase:
    raw = store.find(till.work, store.purchase_key(STORE, "p-1"))
    assert raw is not None
    return store.purchase_from(raw)


@pytest.mark.parametrize(
    ("believed", "amount"),
    [
        ({"refunded": 50}, 1),
        ({}, 10_001),
        ({"member_id": STRANGER_ID}, 1),
        ({"member_id": None}, 1),
    ],
)
def test_the_table_itself_refuses_a_refund_that_was_judged_wrongly(
    till: Till, believed: dict[str, Any], amount: int
) -> None:
    till.purchase(amount=10_000)
    purchase = replace(a_booked_purchase(till), **believed)
    refund = Refund("r-1", amount, points=0, debt=0)
    before = whole_table()
    ticks = itertools.count()
    work = replace(till.work, pause=lambda _: None, elapsed=lambda: float(next(ticks)))

    def attempt(tx: Transaction) -> None:
        store.put_refund(tx, purchase, refund=refund, fingerprint=b"f")

    with pytest.raises(Contended) as refusal:
        persist(work, attempt)
    assert isinstance(refusal.value.__context__, Moved)
    assert whole_table() == before
