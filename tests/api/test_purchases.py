"""Purchases over HTTP: what they earn, how they are explained, and that each earns once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Lot
from chalicelib.tiers.earning.rules import AGE_MAX, AHEAD_MAX
from chalicelib.tiers.earning.views import LINES_MAX
from tests.api.till import MEMBER_ID, NOW, STRANGER_ID, Till, a_purchase, a_till, whole_table
from tests.events import a_caller
from tests.faults import Fault, faults
from tests.meter import metered

EXPIRES_ON = date(2028, 11, 30)
SECOND = timedelta(seconds=1)
EXPLAINED = {
    "rule": "base",
    "text": "1 point for each whole yuan of ¥128.50: 128 points.",
    "points": 128,
}


@pytest.fixture
def till(table: str) -> Till:  # noqa: ARG001 - the till works on it
    return a_till()


def test_a_purchase_earns_and_explains_itself(till: Till) -> None:
    reply = till.purchase()
    assert reply.status == 201
    assert reply.json == {
        "points": 128,
        "explanation": [EXPLAINED],
        "debt_paid": 0,
        "claim_code": None,
        "claim_through": None,
    }
    assert till.wallet().lots == (Lot(EXPIRES_ON, 128),)
    entry = till.newest_entry()
    assert (entry.reason, entry.legs) == (
        Reason.PURCHASE,
        {Account.ISSUED: -128, Account.AVAILABLE: 128},
    )
    assert entry.refers == {"purchase": "store-1/p-1"}
    assert entry.program_version == 1
    assert till.faults() == ()


def test_a_purchase_costs_six_write_units_and_two_read_units(till: Till) -> None:
    till.purchase("warm")
    with metered() as used:
        assert till.purchase().status == 201
    assert (used.writes, used.reads) == (6, 2)


def test_a_purchase_reported_again_gets_the_same_answer_and_changes_nothing(till: Till) -> None:
    first = till.purchase(lines=[{"sku": "tea", "amount": 12850}])
    before = whole_table()
    again = till.purchase(lines=[{"sku": "tea", "amount": 12850, "quantity": 1}])
    assert (again.status, again.json) == (200, first.json)
    assert whole_table() == before


def test_a_replay_answers_in_the_language_asked(till: Till) -> None:
    till.purchase()
    reply = till.api.post("/purchases", a_purchase(), headers={"Accept-Language": "zh-CN"})
    assert reply["explanation"][0]["text"] == "实付 ¥128.50，每满 1 元得 1 积分：共 128 积分。"


def test_the_same_instant_written_otherwise_is_the_same_report(till: Till) -> None:
    till.purchase(occurred_at="2026-11-21T07:00:00Z")
    assert till.purchase(occurred_at="2026-11-21T15:00:00.000+08:00").status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 12851},
        {"occurred_at": "2026-11-21T07:00:00Z"},
        {"lines": [{"amount": 12850}]},
        {"paid": {"amount": 12850, "currency": "usd"}},
        {"member_id": STRANGER_ID},
        {"member_id": "nobody"},
        {"member_id": None},
        {"occurred_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_an_id_reported_otherwise_conflicts_before_anything_else_is_judged(
    till: Till, changed: dict[str, Any]
) -> None:
    till.purchase()
    before = whole_table()
    reply = till.purchase(**changed)
    assert (reply.status, reply.code) == (409, "purchase_conflict")
    assert whole_table() == before


def test_a_replay_comes_before_the_rules_of_today(till: Till) -> None:
    first = till.purchase(occurred_at=rfc3339(NOW))
    till.clock.at = NOW + timedelta(days=400)
    till.change_program(points_per_unit=5, currency="usd")
    again = till.purchase(occurred_at=rfc3339(NOW))
    assert (again.status, again.json) == (200, first.json)


def test_another_channel_has_its_own_purchase_ids(till: Till) -> None:
    till.change_program(channels={"till-1": "store-1", "till-2": "store-2"})
    till.purchase()
    other = till.api.by(a_caller("channel", subject="till-2", client="till-2"))
    assert other.post("/purchases", a_purchase(channel="store-2")).status == 201
    assert till.wallet().available == 256


@pytest.mark.parametrize("client", ["till-2", "store-1"])
def test_an_unmapped_client_reports_nothing(till: Till, client: str) -> None:
    caller = a_caller("channel", subject=client, client=client)
    reply = till.api.by(caller).post("/purchases", a_purchase())
    assert (reply.status, reply.code) == (403, "forbidden")


@pytest.mark.parametrize("member_id", [MEMBER_ID, STRANGER_ID, ""])
def test_a_client_reports_for_no_channel_but_its_own(till: Till, member_id: str) -> None:
    reply = till.purchase(channel="store-2", member_id=member_id)
    assert (reply.status, reply.code) == (403, "forbidden")


@pytest.mark.parametrize(
    "member_id", [STRANGER_ID, "", "mem_", "mem_0000000000!", "ord_00000000001", "x" * 5000]
)
def test_an_unknown_or_malformed_member_is_not_found(till: Till, member_id: str) -> None:
    before = whole_table()
    reply = till.purchase(member_id=member_id)
    assert (reply.status, reply.code) == (404, "not_found")
    assert whole_table() == before


def test_a_refused_purchase_can_be_reported_again(till: Till) -> None:
    assert till.purchase(member_id=STRANGER_ID).status == 404
    assert till.purchase().status == 201


def test_another_currency_is_refused(till: Till) -> None:
    reply = till.purchase(paid={"amount": 100, "currency": "usd"})
    assert (reply.status, reply.code) == (422, "currency_not_supported")
    assert reply["currency"] == "cny"


@pytest.mark.parametrize("off", [AHEAD_MAX, -AGE_MAX])
def test_occurred_at_may_lie_on_either_edge(till: Till, off: timedelta) -> None:
    assert till.purchase(occurred_at=rfc3339(NOW + off)).status == 201


@pytest.mark.parametrize("off", [AHEAD_MAX + SECOND, -AGE_MAX - SECOND])
def test_occurred_at_may_not_lie_beyond(till: Till, off: timedelta) -> None:
    before = whole_table()
    reply = till.purchase(occurred_at=rfc3339(NOW + off))
    assert (reply.status, reply.code) == (422, "occurred_at_out_of_range")
    assert reply["earliest"] == "2026-10-22T08:00:00Z"
    assert reply["latest"] == "2026-11-21T08:05:00Z"
    assert whole_table() == before


@pytest.mark.parametrize(
    "occurred_at",
    [
        "2026-11-21",
        "2026-11-21T08:00:00",
        "2026-11-21 08:00:00Z",
        "2026-11-31T08:00:00Z",
        "2026-11-21T24:00:01Z",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "1795000000",
        1795000000,
        True,
    ],
)
def test_occurred_at_is_an_rfc_3339_time_with_a_zone(till: Till, occurred_at: object) -> None:
    reply = till.purchase(occurred_at=occurred_at)
    assert (reply.status, reply.pointers()) == (422, ["/occurred_at"])


@pytest.mark.parametrize("good", ["a", "x" * 64, "A.b_c~d-9"])
def test_a_purchase_id_has_1_to_64_unreserved_characters(till: Till, good: str) -> None:
    assert till.purchase(good).status == 201


@pytest.mark.parametrize("field", ["purchase_id", "channel"])
@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", "a#b", "a/b", "é", "a\n", 1, None])
def test_any_other_purchase_id_or_channel_is_an_invalid_field(
    till: Till, field: str, bad: object
) -> None:
    reply = till.api.post("/purchases", {**a_purchase(), field: bad})
    assert (reply.status, reply.pointers()) == (422, [f"/{field}"])


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"member_id": 1}, "/member_id"),
        ({"paid": {"amount": -1, "currency": "cny"}}, "/paid/amount"),
        ({"paid": {"amount": MONEY_MAX + 1, "currency": "cny"}}, "/paid/amount"),
        ({"paid": {"amount": 1.0, "currency": "cny"}}, "/paid/amount"),
        ({"paid": {"amount": "1", "currency": "cny"}}, "/paid/amount"),
        ({"paid": {"amount": True, "currency": "cny"}}, "/paid/amount"),
        ({"paid": {"amount": 1, "currency": "CNY"}}, "/paid/currency"),
        ({"paid": {"amount": 1}}, "/paid/currency"),
        ({"paid": 1}, "/paid"),
        ({"more": 1}, "/more"),
        ({"lines": [{"amount": 1}] * (LINES_MAX + 1)}, "/lines"),
        ({"lines": [{"amount": 1, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "tea"}]}, "/lines/0/amount"),
        ({"lines": [{"amount": 1, "price": 1}]}, "/lines/0/price"),
        ({"lines": [{"amount": 12850}, {"amount": 1}]}, "/lines"),
    ],
)
def test_an_invalid_field_is_pointed_at(till: Till, changed: dict[str, Any], pointer: str) -> None:
    before = whole_table()
    reply = till.purchase(**changed)
    assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", [pointer])
    assert whole_table() == before


def test_a_till_says_in_words_that_it_does_not_know_the_member(till: Till) -> None:
    body = {name: told for name, told in a_purchase().items() if name != "member_id"}
    assert till.api.post("/purchases", body).pointers() == ["/member_id"]
    assert till.api.post("/purchases", {**body, "member_id": None}).status == 201


def test_a_hundred_lines_are_taken(till: Till) -> None:
    lines = [{"sku": "x" * 64, "category": "tea", "quantity": 1, "amount": 1}] * LINES_MAX
    assert till.purchase(lines=lines).status == 201


@pytest.mark.parametrize("amount", [0, 50, 99])
def test_a_purchase_that_earns_nothing_is_booked_and_explained(till: Till, amount: int) -> None:
    reply = till.purchase(amount=amount)
    assert (reply.status, reply["points"]) == (201, 0)
    assert [line["points"] for line in reply["explanation"]] == [0]
    assert till.newest_entry().legs == {}
    assert till.wallet().lots == ()
    assert till.purchase(amount=amount).status == 200
    assert till.faults() == ()


def test_the_largest_purchase_is_exact(till: Till) -> None:
    assert till.purchase(amount=MONEY_MAX)["points"] == 10**10
    assert till.wallet().available == 10**10


def test_a_frozen_member_earns(till: Till) -> None:
    wallets.set_frozen(till.work, MEMBER_ID, frozen=True, by="sub-operator", reason="a check")
    assert till.purchase().status == 201
    assert till.wallet().available == 128


def test_the_rate_of_today_counts_and_its_version_is_kept(till: Till) -> None:
    till.change_program(points_per_unit=3)
    assert till.purchase()["points"] == 384
    assert till.newest_entry().program_version == 2


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST, Fault.CONFLICT, Fault.THROTTLED])
@pytest.mark.parametrize("nth", [0, 1])
def test_a_call_that_goes_wrong_once_changes_no_answer(till: Till, fault: Fault, nth: int) -> None:
    till.purchase("warm")
    with faults({nth: fault}) as calls:
        reply = till.purchase()
    assert len(calls.made) > nth
    assert (reply.status, reply["points"]) == (201, 128)
    assert till.wallet().available == 256
    assert till.faults() == ()


def test_an_empty_list_of_lines_is_the_same_report_as_none(till: Till) -> None:
    assert till.purchase(lines=[]).status == 201
    assert till.purchase().status == 200
    assert till.purchase(lines=None).status == 200
    assert till.purchase(lines=[]).status == 200
    assert till.purchase(lines=[{"amount": 1}]).code == "purchase_conflict"
