"""Wallets, journal, members: plans that no rule would make are refused by the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from chalicelib.kernel.errors import Contended
from chalicelib.ledger.journal import store as journal
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.members import store as members
from chalicelib.ledger.members.model import Profile
from chalicelib.ledger.members.rules import PhoneTaken, SubjectTaken
from chalicelib.ledger.wallets import store as wallets
from chalicelib.ledger.wallets.model import Change
from chalicelib.ledger.wallets.rules import MemberFrozen, Posting, new_wallet
from chalicelib.storage.transaction import Moved, Replayed
from tests.builders import LATER, MEMBER_ID, NOW, SOON, TODAY, a_lot, a_wallet
from tests.mutation.plans import Add, Wrong, handed, refused, spoil

ENTRY: Final = new_wallet(MEMBER_ID, NOW).entry
LIN: Final = Profile(MEMBER_ID, None, None, "+8613800000001", None, "en", None, NOW)
BEFORE: Final = a_wallet(a_lot(5, SOON), a_lot(5, LATER), held=1, debt=1)
KEY: Final = wallets.key_of(MEMBER_ID)


def of_one_point() -> Change:
    """Return a change that spends, settles and repays one point each."""
    posting = Posting(BEFORE, TODAY)
    posting.spend(1, into=Account.REDEEMED)
    posting.settle_hold(1)
    posting.credit(1, LATER)
    return posting.close(Reason.REDEMPTION, at=NOW)


def a_profile(mark: str) -> Add:
    return lambda tx: members.put_profile(tx, LIN, mark=mark, taken=SubjectTaken)


def a_phone(member_id: str) -> Add:
    return lambda tx: members.put_phone(tx, "+8613800000001", member_id=member_id, taken=PhoneTaken)


def thawed(member_id: str) -> Add:
    return lambda tx: wallets.check_thawed(tx, member_id)


WRONG: Final = {
    "another entry of a version": Wrong(
        lambda tx: journal.put_entry(tx, replace(ENTRY, hash=b"other")),
        Contended,
        (lambda tx: journal.put_entry(tx, ENTRY),),
    ),
    "a second profile": Wrong(a_profile("two"), SubjectTaken, (a_profile("one"),)),
    "the same profile again": Wrong(a_profile("one"), Replayed, (a_profile("one"),)),
    "a phone of somebody else": Wrong(a_phone("mem_b"), PhoneTaken, (a_phone("mem_a"),)),
    "a second first version": Wrong(
        lambda tx: wallets.put_wallet(tx, new_wallet(MEMBER_ID, NOW)),
        Moved,
        (lambda tx: wallets.put_wallet(tx, new_wallet(MEMBER_ID, NOW)),),
    ),
    "a change of a wallet that is not there": Wrong(
        lambda tx: wallets.put_wallet(tx, of_one_point()), Contended
    ),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_plan_is_refused_by_the_table(name: str) -> None:
    refused(WRONG[name])


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("column", "none_left"),
    [
        ("a", {"N": "0"}),
        ("h", {"N": "0"}),
        ("o", {"N": "0"}),
        ("d", {"M": {"261231": {"N": "0"}, "281130": {"N": "5"}}}),
        ("v", {"N": "2"}),
        ("v", {"N": "0"}),
        ("rd", {"S": "2026-11-21"}),
    ],
    ids=[
        *("available", "held", "debt", "the date"),
        *("a later version", "an earlier version", "a reminder"),
    ],
)
def test_even_one_point_is_asked_for(column: str, none_left: dict[str, object]) -> None:
    handed(lambda tx: wallets.put_wallet(tx, Change(None, BEFORE, ENTRY)))
    spoil(KEY, **{column: none_left})
    refused(Wrong(lambda tx: wallets.put_wallet(tx, of_one_point()), Moved))


@pytest.mark.usefixtures("table")
def test_a_right_plan_is_carried_out() -> None:
    handed(lambda tx: wallets.put_wallet(tx, Change(None, BEFORE, ENTRY)))
    handed(lambda tx: wallets.put_wallet(tx, of_one_point()))
    refused(Wrong(lambda tx: wallets.put_wallet(tx, of_one_point()), Moved))


@pytest.mark.usefixtures("table")
def test_whoever_is_frozen_or_nobody_passes_no_check_of_a_members_freedom() -> None:
    frozen = replace(BEFORE, frozen=True)
    handed(lambda tx: wallets.put_wallet(tx, Change(None, frozen, ENTRY)))
    for member_id in (MEMBER_ID, "mem_0000000000"):
        refused(Wrong(thawed(member_id), MemberFrozen))
    spoil(KEY, z={"BOOL": False})
    handed(thawed(MEMBER_ID))
