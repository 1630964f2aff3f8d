"""What a notice says: templates, days, and which rewards a reminder may name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards.model import Lacks, Limit, Option, Per, Standing, Window
from chalicelib.catalog.shelf.model import Locks, Mine, Shown
from chalicelib.catalog.stock.model import Hint
from chalicelib.kernel.errors import Language
from chalicelib.kernel.money import Money
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.outreach.wording.rules import (
    ENDINGS_MAX,
    is_open,
    not_listed,
    refreshed,
    source_of,
    told_endings,
    wants,
    written,
)
from tests.builders import (
    LATER,
    MEMBER_ID,
    NOW,
    TODAY,
    YESTERDAY,
    a_lot,
    a_reward,
    a_wallet,
)
from tests.wording import FACTS, LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_a_template_finds_every_fact_that_it_wants(kind: Kind, language: Language) -> None:
    told = written(kind, FACTS, language=language)
    assert told.subject
    assert told.text.count("\n") == len(kind.template.lines) - 1
    assert "{" not in told.subject + told.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_large_figures_are_told_in_groups_of_three_digits(language: Language) -> None:
    facts = {"points": 10**12, "balance": 1_234_567}
    told = written(Kind.ADJUSTED, facts, language=language).text
    assert "1,000,000,000,000" in told
    assert "1,234,567" in told
    assert "12,345" in told_endings({TODAY: 12_345}, TODAY, language=language)


def test_a_line_without_its_figure_is_left_out() -> None:
    told = written(Kind.ORDER_CANCELLED, {**FACTS, "debt_paid": 0}, language="en")
    assert "paid what you owed" not in told.text


def test_every_line_wants_the_same_in_both_languages() -> None:
    for kind in Kind:
        for line in kind.template.lines:
            assert wants(line) <= FACTS.keys()
            assert (line.text.zh.count("{"), line.text.en.count("{")) == (len(wants(line)),) * 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_corrected_into_debt_is_told_what_they_owe(language: Language) -> None:
    told = written(Kind.ADJUSTED, {"taken": 30, "owed": 20, "balance": 0}, language=language)
    assert [line for line in told.text.splitlines() if "20" in line and "30" not in line]


def test_a_reminder_lists_the_soonest_dates_and_says_how_many_points_the_others_are() -> None:
    days = {TODAY + timedelta(days=count): count + 1 for count in range(ENDINGS_MAX + 2)}
    lines = told_endings(days, TODAY, language="en").splitlines()
    assert len(lines) == ENDINGS_MAX
    assert lines[0] == "· 1 points until 2026-11-21 (0 days left)"
    assert not_listed(days) == ENDINGS_MAX + 1 + ENDINGS_MAX + 2
    assert not_listed({TODAY: 1}) == 0
    assert told_endings({date(2026, 11, 24): 9}, TODAY, language="zh-CN") == (
        "· 9 积分，可用至 2026-11-24（还剩 3 天）"
    )


UNLOCKED: Final = Locks(Lacks(), None, 0)
WITH_CASH: Final = Option(10, cash=Money(500, "cny"))
COUNTER: Final = Counter(MEMBER_ID, "L#r#ever", Limit(Per.EVER, 1), None, 1)
PAST: Final = Window(closes=NOW)


def a_sight(
    *,
    hint: Hint = Hint.LOW,
    locks: Locks = UNLOCKED,
    redeemable: Window | None = None,
    options: tuple[Option, ...] = (Option(100),),
) -> Mine:
    """Return a reward as a member sees it."""
    reward = a_reward(redeemable=redeemable, options=options)
    return Mine(Shown(reward, hint), locks, use_soon=False)


@pytest.mark.parametrize(
    "mine",
    [
        a_sight(hint=Hint.SOLD_OUT),
        a_sight(locks=Locks(Lacks(), COUNTER, 0)),
        a_sight(locks=Locks(Lacks(standing=Standing.GOLD), None, 0)),
        a_sight(locks=Locks(Lacks(plan="plus"), None, 0)),
        a_sight(locks=Locks(Lacks(tags=("staff",)), None, 0)),
        a_sight(redeemable=PAST),
        a_sight(redeemable=Window(opens=NOW + timedelta(seconds=1))),
        a_sight(options=(WITH_CASH,)),
        a_sight(options=(WITH_CASH, Option(101))),
    ],
)
def test_a_reward_that_points_cannot_redeem_now_is_not_named(mine: Mine) -> None:
    """A hundred of them, and no cash."""
    assert not is_open(mine, NOW, points=100)
    for mine_too in (
        a_sight(),
        a_sight(redeemable=Window(opens=NOW)),
        a_sight(options=(WITH_CASH, Option(100))),
    ):
        assert is_open(mine_too, NOW, points=100)


def test_a_reminder_tells_what_is_true_when_it_is_sent_and_nothing_when_nothing_is() -> None:
    kept = Notice(MEMBER_ID, "rd#2026-11-20", Kind.REMINDER, dates={TODAY: 50, LATER: 1})
    soon = TODAY + timedelta(days=30)
    wallet = a_wallet(a_lot(20, soon), a_lot(5, soon + timedelta(days=1)), a_lot(9, YESTERDAY))
    told = refreshed(kept, wallet, today=TODAY)
    assert told is not None
    assert (told.dates, told.source) == ({soon: 20}, kept.source)
    assert refreshed(kept, a_wallet(a_lot(5, LATER)), today=TODAY) is None
    frozen = Notice(MEMBER_ID, "J#000000000007", Kind.FROZEN)
    assert refreshed(frozen, a_wallet(), today=TODAY) is frozen


def test_of_two_reminders_that_wait_the_later_one_is_told() -> None:
    noted = replace(a_wallet(a_lot(20, TODAY)), reminded_on=TODAY)
    for day, is_told in ((YESTERDAY, False), (TODAY, True)):
        waiting = Notice(MEMBER_ID, source_of(day), Kind.REMINDER)
        assert (refreshed(waiting, noted, today=TODAY) is not None) == is_told
