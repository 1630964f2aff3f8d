"""Adjustments: what they do to a wallet, how often, and what is kept of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest

from chalicelib.kernel.errors import InvalidFields, KeyInvalid, KeyReused, NotFound, Refusal
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.ledger.adjustments.rules import TEXT_CHARS_MAX
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import NEVER, Lot, Wallet
from chalicelib.program.audit import service as audit
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from tests.api.till import meanwhile, whole_table
from tests.builders import LATER, MEMBER_ID, NOW, SOON, TODAY
from tests.corrections import adjust
from tests.faults import Fault, faults
from tests.postings import credit

WORK: Final = Work(NOW)
GIVEN: Final = Adjustment(MEMBER_ID, 50, "A tray fell on her coat.", by="op-mei", key="k-1")
TAKEN: Final = replace(GIVEN, points=-50, reason="Counted twice.", key="k-2")


@pytest.fixture(autouse=True)
def lin(table: str) -> None:  # noqa: ARG001 - the member is made in it
    """Make a member."""
    persist(WORK, lambda tx: wallets.enrol(tx, MEMBER_ID, program_version=0))


def wallet() -> Wallet:
    return wallets.open_wallet(WORK, MEMBER_ID).wallet


def faultless() -> bool:
    return wallets.audit(WORK, MEMBER_ID).faults == ()


def test_points_are_given_for_as_long_as_everybodys_are_good() -> None:
    done = adjust(WORK, GIVEN)
    assert (done.available, done.again) == (50, False)
    assert done.wallet == wallet()
    assert wallet().lots == (Lot(date(2028, 11, 30), 50),)
    entry = journal.page(WORK, MEMBER_ID, limit=1, after=None).items[0]
    assert (entry.reason, list(entry.refers)) == (Reason.ADJUSTMENT, ["adjustment"])
    assert entry.legs == {Account.ISSUED: -50, Account.AVAILABLE: 50}
    assert faultless()


def test_points_are_taken_back_soonest_first_never_expiring_last_then_as_debt() -> None:
    for day in (NEVER, LATER, SOON):
        credit(WORK, MEMBER_ID, points=20, expires_on=day)
    assert adjust(WORK, TAKEN).available == 10
    assert wallet().lots == (Lot(NEVER, 10),)
    done = adjust(WORK, replace(TAKEN, key="k-3"))
    assert (done.available, done.wallet.debt) == (0, 40)
    entry = journal.page(WORK, MEMBER_ID, limit=1, after=None).items[0]
    assert entry.legs == {Account.CLAWED_BACK: 50, Account.AVAILABLE: -10, Account.DEBT: -40}
    assert faultless()


def test_the_audit_log_says_who_why_how_much_and_what_it_was_before() -> None:
    credit(WORK, MEMBER_ID, points=20, expires_on=SOON)
    adjust(WORK, replace(TAKEN, evidence="ticket 17"))
    (row,) = audit.page(WORK, NOW.date(), limit=10, before=None).items
    assert (row.by, row.what, row.subject) == ("op-mei", "member.adjust", MEMBER_ID)
    made = journal.page(WORK, MEMBER_ID, limit=1, after=None).items[0].refers["adjustment"]
    nothing = dict.fromkeys(("points", "reason", "evidence", "adjustment"))
    why = {"reason": "Counted twice.", "evidence": "ticket 17", "adjustment": made}
    assert json.loads(row.before) == {"available": 20, "debt": 0, **nothing}
    assert json.loads(row.after) == {"available": 0, "debt": 30, "points": -50, **why}


def test_what_has_expired_is_in_no_balance_of_the_audit_log() -> None:
    credit(WORK, MEMBER_ID, points=20, expires_on=TODAY)
    tomorrow = Work(NOW + timedelta(days=1))
    adjust(tomorrow, GIVEN)
    assert adjust(Work(NOW + timedelta(days=800)), GIVEN).available == 0
    (row,) = audit.page(WORK, tomorrow.now.date(), limit=10, before=None).items
    assert json.loads(row.before)["available"] == 0


def test_repeated_under_its_key_it_changes_nothing() -> None:
    first = adjust(WORK, GIVEN)
    before = whole_table()
    again = adjust(WORK, GIVEN)
    assert (again.again, again.wallet) == (True, first.wallet)
    assert whole_table() == before


@pytest.mark.parametrize(
    "changed",
    [{"points": 51}, {"points": -50}, {"reason": "Another."}, {"member_id": "mem_00000000002"}],
)
def test_another_adjustment_under_the_same_key_is_refused(changed: dict[str, object]) -> None:
    adjust(WORK, GIVEN)
    before = whole_table()
    with pytest.raises(KeyReused):
        adjust(WORK, replace(GIVEN, **changed))  # type: ignore[arg-type]
    assert whole_table() == before


def test_keys_are_an_operators_own() -> None:
    adjust(WORK, GIVEN)
    assert adjust(WORK, replace(GIVEN, by="op-li")).again is False


@pytest.mark.parametrize("points", [1, -1, POINTS_MAX, -POINTS_MAX])
def test_up_to_the_limit_points_are_given_and_taken(points: int) -> None:
    done = adjust(WORK, replace(GIVEN, points=points))
    assert done.available - done.wallet.debt == points
    assert faultless()


@pytest.mark.parametrize(
    ("changed", "refused", "pointer"),
    [
        ({"points": 0}, InvalidFields, "/points"),
        ({"points": POINTS_MAX + 1}, InvalidFields, "/points"),
        ({"points": -POINTS_MAX - 1}, InvalidFields, "/points"),
        ({"reason": ""}, InvalidFields, "/reason"),
        ({"reason": "  "}, InvalidFields, "/reason"),
        ({"reason": "a\nb"}, InvalidFields, "/reason"),
        ({"reason": "x" * (TEXT_CHARS_MAX + 1)}, InvalidFields, "/reason"),
        ({"by": ""}, InvalidFields, "/by"),
        ({"by": "x" * (TEXT_CHARS_MAX + 1)}, InvalidFields, "/by"),
        ({"key": ""}, KeyInvalid, ""),
        ({"key": "a b"}, KeyInvalid, ""),
        ({"key": "x" * 65}, KeyInvalid, ""),
        ({"member_id": "mem_00000000009"}, NotFound, ""),
        ({"member_id": "nobody"}, NotFound, ""),
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_no_trace(
    changed: dict[str, object], refused: type[Refusal], pointer: str
) -> None:
    before = whole_table()
    with pytest.raises(refused) as refusal:
        adjust(WORK, replace(GIVEN, **changed))  # type: ignore[arg-type]
    errors = refusal.value.facts.get("errors", [])
    assert not pointer or pointer in str(errors)
    assert whole_table() == before


def test_the_longest_reason_and_name_are_taken() -> None:
    longest = "字" * TEXT_CHARS_MAX
    assert adjust(WORK, replace(GIVEN, reason=longest, by=longest, key="x" * 64)).available == 50


def test_two_at_once_go_on_from_each_other() -> None:
    with meanwhile(lambda: adjust(WORK, replace(TAKEN, points=-20))):
        done = adjust(WORK, GIVEN)
    assert (done.available, done.wallet.debt) == (30, 0)
    assert faultless()


def test_the_same_one_twice_at_once_is_made_once() -> None:
    with meanwhile(lambda: adjust(WORK, GIVEN)):
        done = adjust(WORK, GIVEN)
    assert (done.again, done.available) == (True, 50)
    assert wallet().available == 50


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST, Fault.CONFLICT, Fault.THROTTLED])
@pytest.mark.parametrize("nth", [0, 1])
def test_a_call_that_goes_wrong_once_changes_nothing(fault: Fault, nth: int) -> None:
    with faults({nth: fault}) as calls:
        done = adjust(WORK, GIVEN)
    assert len(calls.made) > nth
    assert done.available == wallet().available == 50
    assert faultless()
