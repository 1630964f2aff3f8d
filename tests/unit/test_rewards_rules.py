"""When a reward is shown and redeemable, for whom it is, and what an edit may change."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.catalog.rewards.model import (
    Audience,
    Lacks,
    Option,
    Standing,
    Taker,
    Text,
    Window,
)
from chalicelib.catalog.rewards.rules import (
    NAME,
    PICTURE,
    TEXT,
    NotEligible,
    NotRedeemableNow,
    is_shown,
    missing,
    next_turn,
    refuse_malformed,
    refuse_not_eligible,
    refuse_not_redeemable,
    refuse_stock_change,
    refuse_unsuppliable,
    reward_id_of,
)
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.kernel.errors import InvalidFields, NotFound
from chalicelib.kernel.ids import REWARD_PATTERN
from tests.builders import NOW, REWARD_ID, a_plan, a_reward

TICK: Final = timedelta(microseconds=1)
HOUR: Final = timedelta(hours=1)


def test_a_reward_without_windows_is_shown_and_redeemable_at_any_time() -> None:
    assert is_shown(a_reward(), NOW)
    refuse_not_redeemable(a_reward(), NOW)
    assert next_turn(a_reward(), NOW) is None


@pytest.mark.parametrize(
    ("instant", "shown"),
    [(NOW - TICK, False), (NOW, True), (NOW + HOUR - TICK, True), (NOW + HOUR, False)],
)
def test_a_window_opens_with_its_first_instant_and_closes_just_before_its_last(
    instant: datetime, *, shown: bool
) -> None:
    assert is_shown(a_reward(shown=Window(NOW, NOW + HOUR)), instant) is shown


def test_a_window_may_be_open_on_either_side() -> None:
    assert is_shown(a_reward(shown=Window(opens=NOW)), NOW + 1000 * HOUR)
    assert is_shown(a_reward(shown=Window(closes=NOW)), NOW - 1000 * HOUR)
    assert is_shown(a_reward(shown=Window()), NOW)


def test_outside_its_window_a_reward_is_refused_with_both_ends() -> None:
    reward = a_reward(redeemable=Window(NOW + HOUR, None))
    with pytest.raises(NotRedeemableNow) as refused:
        refuse_not_redeemable(reward, NOW)
    assert refused.value.facts == {"from": "2026-11-21T09:00:00Z", "until": None}
    refuse_not_redeemable(reward, NOW + HOUR)


def test_a_reward_that_does_not_say_when_is_redeemable_while_it_is_shown() -> None:
    hidden = a_reward(shown=Window(closes=NOW))
    with pytest.raises(NotRedeemableNow):
        refuse_not_redeemable(hidden, NOW)
    refuse_not_redeemable(replace(hidden, redeemable=Window(opens=NOW)), NOW)


def test_the_next_turn_is_the_soonest_edge_still_ahead() -> None:
    reward = a_reward(
        shown=Window(NOW - HOUR, NOW + 3 * HOUR), redeemable=Window(NOW, NOW + 2 * HOUR)
    )
    assert next_turn(reward, NOW - TICK) == NOW
    assert next_turn(reward, NOW) == NOW + 2 * HOUR
    assert next_turn(reward, NOW + 2 * HOUR) == NOW + 3 * HOUR
    assert next_turn(reward, NOW + 3 * HOUR) is None


@pytest.mark.parametrize(
    ("asked", "taker", "lacks"),
    [
        (Audience(), Taker(), Lacks()),
        (Audience(Standing.BASIC), Taker(), Lacks()),
        (Audience(Standing.SILVER), Taker(), Lacks(Standing.SILVER)),
        (Audience(Standing.SILVER), Taker(Standing.SILVER), Lacks()),
        (Audience(Standing.SILVER), Taker(Standing.GOLD), Lacks()),
        (Audience(Standing.GOLD), Taker(Standing.SILVER), Lacks(Standing.GOLD)),
        (Audience(plan="plus"), Taker(), Lacks(plan="plus")),
        (Audience(plan="plus"), Taker(plan="other"), Lacks(plan="plus")),
        (Audience(plan="plus"), Taker(plan="plus"), Lacks()),
        (Audience(tags=("staff", "press")), Taker(), Lacks(tags=("staff", "press"))),
        (Audience(tags=("staff", "press")), Taker(tags=frozenset({"press"})), Lacks()),
        (
            Audience(Standing.GOLD, "plus", ("staff",)),
            Taker(Standing.GOLD),
            Lacks(None, "plus", ("staff",)),
        ),
    ],
)
def test_an_audience_asks_for_everything_it_names(
    asked: Audience, taker: Taker, lacks: Lacks
) -> None:
    assert missing(a_reward(audience=asked), taker) == lacks


def test_a_refusal_names_what_is_missing_and_null_for_the_rest() -> None:
    with pytest.raises(NotEligible) as refused:
        refuse_not_eligible(a_reward(audience=Audience(plan="plus")), Taker())
    assert refused.value.facts == {"standing": None, "plan": "plus", "tags": None}
    with pytest.raises(NotEligible) as refused:
        refuse_not_eligible(a_reward(audience=Audience(tags=("staff", "press"))), Taker())
    assert refused.value.facts == {"standing": None, "plan": None, "tags": ["staff", "press"]}
    refuse_not_eligible(a_reward(), Taker())


def test_the_id_of_a_reward_follows_from_caller_route_and_key() -> None:
    told = reward_id_of("sub", route="POST /v1/admin/rewards", key="k")
    assert REWARD_PATTERN.fullmatch(told)
    assert told == reward_id_of("sub", route="POST /v1/admin/rewards", key="k")
    others = [("bus", "POST /v1/admin/rewards", "k"), ("sub", "POST /v1/x", "k")]
    others.append(("sub", "POST /v1/admin/rewards", "l"))
    assert told not in {reward_id_of(who, route=route, key=key) for who, route, key in others}


@pytest.mark.parametrize(
    "told", ["", "rwd_", "rwd_0Ab1Cd2Ef3", "rwd_0Ab1Cd2Ef3GH", "mem_0Ab1Cd2Ef3G"]
)
def test_what_cannot_be_an_id_is_not_found(told: str) -> None:
    refuse_malformed(REWARD_ID)
    with pytest.raises(NotFound):
        refuse_malformed(told)


def test_an_edit_may_change_the_peak_but_neither_mode_nor_units() -> None:
    plan = a_plan(units=5)
    refuse_stock_change(plan, replace(plan, peak_per_second=100))
    for after in (replace(plan, units=6), replace(plan, mode=Mode.UNLIMITED)):
        with pytest.raises(InvalidFields):
            refuse_stock_change(plan, after)


@pytest.mark.parametrize(
    ("mode", "units", "good"),
    [
        (Mode.UNLIMITED, 0, True),
        (Mode.COUNTED, 1_000_000, True),
        (Mode.NUMBERED, 100_000, True),
        (Mode.NUMBERED, 100_001, False),
        (Mode.CODED, 0, True),
        (Mode.CODED, 1, False),
    ],
)
def test_a_reward_begins_with_as_many_units_as_its_mode_can_have(
    mode: Mode, units: int, *, good: bool
) -> None:
    plan = StockPlan(REWARD_ID, mode, units)
    if good:
        refuse_unsuppliable(plan)
    else:
        with pytest.raises(InvalidFields) as refused:
            refuse_unsuppliable(plan)
        assert "/stock/units" in str(refused.value.facts)


@pytest.mark.parametrize(
    "good", ["a", "马克杯", " a ", "¥3 off", "café 😀", "a" * 500, "it's 45 × 45 cm"]
)
def test_a_text_may_hold_whatever_can_be_read(good: str) -> None:
    assert re.search(TEXT, good)


@pytest.mark.parametrize(
    "bad", ["", "   ", "a\nb", "\x00", "a\x7f", "a\x9b", "\u202eabc", "a\u2028b"]
)
def test_a_text_is_neither_blank_nor_hides_anything(bad: str) -> None:
    assert not re.search(TEXT, bad)


@pytest.mark.parametrize(
    ("picture", "good"),
    [
        ("/pictures/mug.svg", True),
        ("https://cdn.example.test/a/b.png", True),
        ("//evil.example/x.png", False),
        ("http://example.test/x.png", False),
        ("javascript:alert(1)", False),
        ("/a b", False),
        ("/x\"onerror='", False),
        ("mug.svg", False),
    ],
)
def test_a_picture_is_a_path_of_the_mall_or_an_address_over_tls(
    picture: str, *, good: bool
) -> None:
    assert bool(re.search(PICTURE, picture)) is good


@pytest.mark.parametrize(
    ("name", "good"),
    [("coffee-tea", True), ("a" * 32, True), ("a" * 33, False), ("A", False), ("", False)],
)
def test_a_name_is_short_and_plain(name: str, *, good: bool) -> None:
    assert bool(re.search(NAME, name)) is good


def test_a_reward_is_told_in_the_language_of_the_caller_and_priced_by_its_cheapest_option() -> None:
    assert (Text("马克杯", "Mug").told("zh-CN"), Text("马克杯", "Mug").told("en")) == (
        "马克杯",
        "Mug",
    )
    assert a_reward(options=(Option(300), Option(200), Option(250))).points_from == 200
    assert a_reward().created_at.tzinfo is UTC
