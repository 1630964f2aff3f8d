"""What is told, in which words, and when nobody is disturbed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

import pytest

from chalicelib.gateways.messages.model import Channel
from chalicelib.kernel.errors import Language
from chalicelib.ledger.expiry.model import Reminder
from chalicelib.ledger.journal.model import Account, Entry, Reason
from chalicelib.outreach.notices.model import NIGHT, SERVICE, Held, Preferences, Quiet
from chalicelib.outreach.notices.rules import (
    FRESH,
    GIVEN_UP,
    PAUSE,
    PAUSE_MAX,
    POSTED,
    TRIES_MAX,
    begun,
    by_member,
    is_stale,
    notice_of,
    pause_after,
    quiet_until,
    tells_all,
    ways,
)
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.outreach.wording.rules import wants, written
from tests.builders import MEMBER_ID, NOW, TODAY, a_lot, a_posting, legs
from tests.wording import FACTS, LANGUAGES

SHANGHAI: Final = "Asia/Shanghai"
BERLIN: Final = "Europe/Berlin"
ORDERS: Final = frozenset({"order", "reward", "quantity", "cash"})


def an_entry(reason: Reason, **points: int) -> Entry:
    """Return an entry with these legs."""
    return Entry(
        MEMBER_ID, 7, NOW, reason, legs(**points), {}, {"order": "ord_1"}, 0, 700, b"", b"x"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", POSTED, ids=lambda reason: reason.code)
def test_whatever_an_entry_has_is_enough_for_its_notice(reason: Reason, language: Language) -> None:
    """Also where nothing moved: a sentence without its figure is left out."""
    empty = notice_of(an_entry(reason))
    moved = notice_of(
        an_entry(reason, redeemed=-3, escrow=-2, debt=1, expired=1, issued=-4, clawed_back=2)
    )
    for notice in (empty, moved):
        if notice is not None:
            facts = {**notice.figures, **{name: FACTS[name] for name in ORDERS}}
            facts.setdefault("points", 0)
            assert written(notice.kind, facts, language=language).text
            said = frozenset().union(*map(wants, notice.kind.template.lines))
            assert notice.figures.keys() - {"balance"} <= said


@pytest.mark.parametrize(
    ("reason", "moved", "figures"),
    [
        (Reason.REDEMPTION, {"redeemed": 30, "available": -30}, {"points": 30}),
        (Reason.HOLD_SETTLED, {"escrow": -30, "redeemed": 30}, {"points": 30}),
        (Reason.CANCELLATION, {"redeemed": -30, "available": 30}, {"points": 30}),
        (
            Reason.ORDER_REFUND,
            {"redeemed": -30, "available": 10, "debt": 15, "expired": 5},
            {"points": 30, "debt_paid": 15, "expired": 5},
        ),
        (Reason.UNPAID, {"escrow": -30, "expired": 30}, {"points": 30, "expired": 30}),
        (
            Reason.REFUND,
            {"clawed_back": 30, "available": -10, "debt": -20},
            {"points": 30, "owed": 20},
        ),
        (
            Reason.ADJUSTMENT,
            {"issued": -30, "debt": 10, "available": 20},
            {"points": 30, "debt_paid": 10},
        ),
        (
            Reason.ADJUSTMENT,
            {"clawed_back": 30, "available": -10, "debt": -20},
            {"taken": 30, "owed": 20},
        ),
        (
            Reason.DISPUTE_WON,
            {"clawed_back": -30, "available": 10, "debt": 20},
            {"points": 30, "debt_paid": 20},
        ),
    ],
)
def test_figures_are_those_of_the_legs(
    reason: Reason, moved: dict[str, int], figures: dict[str, int]
) -> None:
    notice = notice_of(an_entry(reason, **moved))
    assert notice is not None
    assert notice.figures == figures | {"balance": 700}
    assert (notice.source, notice.order_id) == ("J#000000000007", "ord_1")


@pytest.mark.parametrize(
    "reason", [Reason.PURCHASE, Reason.CLAIM, Reason.HOLD, Reason.ENROLLED, Reason.EXPIRY]
)
def test_points_earned_and_what_is_not_settled_yet_are_no_notice(reason: Reason) -> None:
    assert notice_of(an_entry(reason, issued=-10, available=10)) is None


def test_a_refund_that_took_nothing_is_no_notice() -> None:
    for reason in (Reason.REFUND, Reason.REFERRAL_REFUND):
        assert notice_of(an_entry(reason)) is None
    # The referrer returned nothing; somebody else did.
    told = notice_of(an_entry(Reason.REFERRAL_REFUND, clawed_back=30, available=-30))
    assert told is not None
    text = written(told.kind, told.figures, language="en").text
    assert "Somebody you referred returned their purchase, so 30 points were taken back." in text


def test_a_real_entry_makes_a_notice() -> None:
    posting = a_posting(a_lot(100))
    posting.spend(40, into=Account.REDEEMED)
    entry = posting.close(Reason.REDEMPTION, at=NOW, refers={"order": "ord_1"}).entry
    notice = notice_of(entry)
    assert notice is not None
    assert notice.figures == {"points": 40, "balance": 60}


def test_a_reminder_names_its_day_and_finds_its_points_when_it_is_sent() -> None:
    notice = notice_of(Reminder(MEMBER_ID, TODAY))
    assert notice is not None
    assert (notice.source, notice.kind, notice.dates) == ("rd#2026-11-21", Kind.REMINDER, {})


@pytest.mark.parametrize("kind", Kind)
def test_an_opt_out_is_honoured_but_for_what_has_to_be_known(kind: Kind) -> None:
    silent = Preferences(mail=False, sms=False, push=False)
    assert ways(silent, kind) == ({Channel.MAIL} if kind in SERVICE else frozenset())
    all_ways = Preferences(sms=True, push=True, reminders=False)
    assert ways(all_ways, kind) == (frozenset() if kind is Kind.REMINDER else set(Channel))


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("21T13:59:59.999999", None),
        ("21T14:00:00", "22T00:00:00"),
        ("21T16:00:00", "22T00:00:00"),
        ("21T23:59:59.999999", "22T00:00:00"),
        ("22T00:00:00", None),
    ],
)
def test_a_quiet_night_begins_and_ends_on_its_hours(at: str, ends: str | None) -> None:
    now = datetime.fromisoformat(f"2026-11-{at}+00:00")
    told = datetime.fromisoformat(f"2026-11-{ends}+00:00") if ends else None
    assert quiet_until(now, SHANGHAI, quiet=NIGHT) == told


def test_quiet_hours_within_a_day_end_on_that_day() -> None:
    siesta = Quiet(time(13), time(15))
    noon = datetime(2026, 11, 21, 4, tzinfo=UTC)
    assert quiet_until(noon, SHANGHAI, quiet=siesta) is None
    hour = timedelta(hours=1)
    assert quiet_until(noon + hour, SHANGHAI, quiet=siesta) == noon + 3 * hour
    assert quiet_until(noon + 3 * hour, SHANGHAI, quiet=siesta) is None
    assert quiet_until(noon + hour, SHANGHAI, quiet=None) is None


def test_a_night_in_which_clocks_are_set_back_is_an_hour_longer() -> None:
    """In Berlin, 25 October 2026: 8:00 is 7:00 in UTC, no longer 6:00."""
    before = datetime(2026, 10, 24, 20, 30, tzinfo=UTC)
    assert quiet_until(before, BERLIN, quiet=NIGHT) == datetime(2026, 10, 25, 7, tzinfo=UTC)
    early = Quiet(time(22), time(2, 30))
    first, second = (datetime(2026, 10, 25, hour, 10, tzinfo=UTC) for hour in (0, 1))
    assert quiet_until(first, BERLIN, quiet=early) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert quiet_until(second, BERLIN, quiet=early) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_night_in_which_clocks_are_set_forward_is_an_hour_shorter() -> None:
    """In Berlin, 28 March 2027: 8:00 is 6:00 in UTC; 2:30 does not come."""
    before = datetime(2027, 3, 27, 22, tzinfo=UTC)
    assert quiet_until(before, BERLIN, quiet=NIGHT) == datetime(2027, 3, 28, 6, tzinfo=UTC)
    early = Quiet(time(22), time(2, 30))
    ends = quiet_until(before, BERLIN, quiet=early)
    assert ends == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert quiet_until(ends, BERLIN, quiet=early) is None


def test_tries_are_further_and_further_apart() -> None:
    pauses = [pause_after(tries) for tries in range(1, 12)]
    assert pauses[:3] == [PAUSE, 2 * PAUSE, 4 * PAUSE]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pause_after(100_000) == PAUSE_MAX


def test_only_the_last_try_is_begun_as_given_up() -> None:
    notice = Notice(MEMBER_ID, "J#000000000001", Kind.FROZEN)
    held = Held(notice, Channel.MAIL, NOW, tries=TRIES_MAX - 2)
    last_but_one = begun(held, notice, now=NOW)
    assert (last_but_one.due, last_but_one.outcome) == (NOW + PAUSE_MAX, None)
    last = begun(last_but_one, notice, now=NOW)
    assert (last.due, last.outcome, last.tries) == (None, GIVEN_UP, TRIES_MAX)


def test_a_fact_is_told_for_four_weeks() -> None:
    entry, day = an_entry(Reason.FROZEN), timedelta(days=1)
    assert not is_stale(entry, NOW + FRESH)
    assert is_stale(entry, NOW + FRESH + timedelta(microseconds=1))
    reminder = Reminder(MEMBER_ID, NOW.date())
    assert not is_stale(reminder, NOW + FRESH)
    assert is_stale(reminder, NOW + FRESH + day)


def test_a_reminder_tells_what_another_would_where_it_names_no_fewer_points() -> None:
    told, more, later = (
        Notice(MEMBER_ID, "rd#2026-11-21", Kind.REMINDER, dates=dates)
        for dates in ({TODAY: 5}, {TODAY: 6}, {TODAY: 5, TODAY + timedelta(days=1): 1})
    )
    assert [tells_all(one, told) for one in (told, more, later)] == [True] * 3
    assert [tells_all(told, one) for one in (more, later)] == [False] * 2


def test_names_stand_together_by_member_and_in_order() -> None:
    names = ["mem_2#J#2#mail", "mem_1#J#1#sms", "mem_2#J#1#mail"]
    assert by_member(names) == ((names[0], names[2]), (names[1],))
