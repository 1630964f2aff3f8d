"""What an entry tells: its sentence is true of its points, and all lines add up to the wallet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.errors import Language
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.journal.rules import ENDINGS
from chalicelib.ledger.journal.views import EntryView
from chalicelib.ledger.wallets.model import Change, ClawBack, Lot
from chalicelib.ledger.wallets.rules import Posting
from tests.builders import LATER, NOW, SOON, TODAY, YESTERDAY, a_lot, a_wallet

LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
HELD: Final = 50
"""Points out in orders; what is asked for is fewer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody does with so many points; those that come back are of a date."""

    points: int
    of: date

    def lots(self) -> tuple[Lot, ...]:
        """Return what comes back."""
        return (Lot(self.of, self.points),)


Act = Callable[[Posting, Asked], None]


def _credit(posting: Posting, asked: Asked) -> None:
    posting.credit(asked.points, SOON)


def _claw_back(posting: Posting, asked: Asked) -> None:
    posting.claw_back(asked.points, LATER)


def _redeem(posting: Posting, asked: Asked) -> None:
    posting.spend(asked.points, into=Account.REDEEMED)


def _hold(posting: Posting, asked: Asked) -> None:
    posting.spend(asked.points, into=Account.ESCROW)


def _settle(posting: Posting, asked: Asked) -> None:
    posting.settle_hold(asked.points)


def _release(posting: Posting, asked: Asked) -> None:
    posting.give_back(asked.lots(), source=Account.ESCROW, by_house=False)


def _return(posting: Posting, asked: Asked) -> None:
    posting.give_back(asked.lots(), source=Account.REDEEMED, by_house=False)


def _restore(posting: Posting, asked: Asked) -> None:
    posting.restore(ClawBack(asked.points, 0, asked.lots()), paid=())


def _erase(posting: Posting, _: Asked) -> None:
    posting.erase()


def _nothing(_: Posting, __: Asked) -> None:
    """Move nothing: what has expired is booked all the same."""


ACTS: Final[Mapping[Reason, tuple[Act, int]]] = {
    Reason.ENROLLED: (_nothing, 0),
    Reason.PURCHASE: (_credit, 1),
    Reason.REFUND: (_claw_back, -1),
    Reason.PAID: (_settle, 0),
    Reason.UNPAID: (_release, 1),
    Reason.REVIVED: (_redeem, -1),
    Reason.CLAIM: (_credit, 1),
    Reason.REDEMPTION: (_redeem, -1),
    Reason.CANCELLATION: (_return, 1),
    Reason.ORDER_REFUND: (_return, 1),
    Reason.HOLD: (_hold, -1),
    Reason.HOLD_SETTLED: (_settle, 0),
    Reason.HOLD_RETURNED: (_release, 1),
    Reason.DISPUTE: (_claw_back, -1),
    Reason.DISPUTE_WON: (_restore, 1),
    Reason.DISPUTE_LOST: (_return, 1),
    Reason.ADJUSTMENT: (_credit, 1),
    Reason.CHECK_IN: (_credit, 1),
    Reason.TASK: (_credit, 1),
    Reason.REFERRAL: (_credit, 1),
    Reason.REFERRAL_REFUND: (_claw_back, -1),
    Reason.EXEMPTION: (_nothing, 0),
    Reason.FROZEN: (_nothing, 0),
    Reason.THAWED: (_nothing, 0),
    Reason.EXPIRY: (_nothing, 0),
    Reason.ERASED: (_erase, 0),
}
"""What makes an entry of each reason, and which way its points go from the balance."""
SPENDING: Final = (_redeem, _hold)
"""Done only with points that are there."""


def told_of(change: Change, language: Language = "en") -> EntryView:
    """Return what the entry of a change tells."""
    return EntryView.of(change.entry, language)


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
@given(
    asked=st.builds(Asked, st.integers(1, HELD), st.sampled_from((YESTERDAY, SOON))),
    dead=st.integers(0, 1_000),
    live=st.integers(0, 100),
    owed=st.integers(0, 100),
)
def test_points_are_what_the_sentence_is_about_and_the_lines_add_up_to_the_wallet(
    reason: Reason, asked: Asked, dead: int, live: int, owed: int
) -> None:
    """Whatever had expired by then, and whatever was owed: nobody who owes has live points."""
    act, way = ACTS[reason]
    live = live + asked.points if act in SPENDING else 0 if owed else live
    owed = 0 if live else owed
    lots = [a_lot(points, day) for points, day in ((dead, YESTERDAY), (live, LATER)) if points]
    before = a_wallet(*lots, held=HELD, debt=owed)
    posting = Posting(before, TODAY)
    act(posting, asked)
    change = posting.close(reason, at=NOW)
    told, after = told_of(change), change.after

    ended = change.entry.legs.get(Account.EXPIRED, 0)
    about, besides = (-ended, 0) if reason in ENDINGS else (way * asked.points, ended)
    assert (told.points, told.expired) == (about, besides)
    assert before.available + sum(line.points for line in told.lines) == told.balance_after
    assert before.available + told.points + told.debt - told.expired == after.available
    assert (before.held + told.held, before.debt + told.debt) == (after.held, after.debt)
    assert (told.lines[0].text, told.lines[0].points) == (told.text, told.points)
    for language in LANGUAGES:
        others = told_of(change, language).lines[1:]
        assert [line.points for line in others] == [n for n in (told.debt, -besides) if n]
        assert all(str(abs(line.points)) in line.text for line in others)


def lines(posting: Posting, reason: Reason, language: Language) -> list[tuple[str, int]]:
    """Return the lines of the entry that a posting becomes."""
    told = told_of(posting.close(reason, at=NOW), language)
    return [(line.text, line.points) for line in told.lines]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", [("Points for checking in.", 10), ("500 points expired.", -500)]),
        ("zh-CN", [("签到获得积分。", 10), ("500 积分已失效。", -500)]),
    ],
)
def test_what_had_expired_has_a_line_of_its_own(
    language: Language, told: list[tuple[str, int]]
) -> None:
    posting = Posting(a_wallet(a_lot(500, YESTERDAY)), TODAY)
    posting.credit(10, LATER)
    assert lines(posting, Reason.CHECK_IN, language) == told


@pytest.mark.parametrize(
    ("language", "pays", "owes"),
    [
        (
            "en",
            "7 of them paid what you owed.",
            "8 of them you did not have: the next points you earn pay them first.",
        ),
        (
            "zh-CN",
            "其中 7 积分已用于抵扣欠款。",
            "其中 8 积分余额不足，将从之后获得的积分中抵扣。",
        ),
    ],
)
def test_what_pays_a_debt_or_makes_one_has_a_line_of_its_own(
    language: Language, pays: str, owes: str
) -> None:
    paying, owing = Posting(a_wallet(debt=7), TODAY), Posting(a_wallet(a_lot(2)), TODAY)
    paying.credit(10, LATER)
    owing.claw_back(10, LATER)
    assert lines(paying, Reason.PURCHASE, language)[1:] == [(pays, -7)]
    assert lines(owing, Reason.REFUND, language)[1:] == [(owes, 8)]
