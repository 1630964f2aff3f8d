"""Corruptions of campaigns: what they gave, their bounds, and the versions of the rules."""

from __future__ import annotations

import json
from typing import Any, Final

from tests import invariants_campaigns as campaigns
from tests.vandalism import Columns, Plants, alter, change, items, n, s, strip

CAPPED: Final = "store-1#tea-1"
"""A purchase whose campaign had a budget and a cap."""
BUDGET: Final = 500
"""The points of that budget."""


def tea() -> Columns:
    return items("purchase", p=CAPPED)[0]


def given(points: int) -> dict[str, Any]:
    """Return what the campaign of that purchase gave it, were it so much."""
    (name,) = tea()["g"]["M"]
    return {"M": {name: n(points)}}


def document(name: str) -> Columns:
    """Return the newest version of a document."""
    return [row for row in items("document") if row["s"]["S"].startswith(f"D#{name}#")][-1]


def held_from_ever(name: str) -> None:
    row = document(name)
    body = json.loads(row["b"]["S"]) | {"since": "2001-01-01T00:00:00+00:00"}
    alter(row, b=s(json.dumps(body)))


PLANTS: Final[Plants] = {
    "a purchase that got more than it was judged": (
        campaigns.purchases_are_worth_what_they_were_judged,
        lambda: alter(tea(), g=given(1)),
    ),
    "a purchase by other settings": (
        campaigns.purchases_are_worth_what_they_were_judged,
        lambda: alter(tea(), a=n(1)),
    ),
    "a multiplier that gave more than its share": (
        campaigns.campaigns_give_what_their_terms_say,
        lambda: alter(tea(), g=given(10_000)),
    ),
    "points of a campaign that was not there": (
        campaigns.campaigns_give_what_their_terms_say,
        lambda: strip(tea(), "cv"),
    ),
    "points that no budget paid": (
        campaigns.budgets_pay_for_what_is_given,
        lambda: change("budget", n=n(1), l=n(BUDGET - 1)),
    ),
    "a budget with more left than was put there": (
        campaigns.budgets_pay_for_what_is_given,
        lambda: change("budget", l=n(BUDGET)),
    ),
    "a budget that gave on when it was spent": (
        campaigns.budgets_pay_for_what_is_given,
        lambda: change("budget", n=n(BUDGET + 1), l=n(-1)),
    ),
    "a budget that binds nobody": (
        campaigns.budgets_pay_for_what_is_given,
        lambda: strip(items("budget")[0], "l"),
    ),
    "a cap that counts less than was given": (
        campaigns.caps_count_what_is_given,
        lambda: change("cap", n=n(1)),
    ),
    "settings that held before those they replaced": (
        campaigns.versions_follow_each_other,
        lambda: held_from_ever("program"),
    ),
    "campaigns that held before those they replaced": (
        campaigns.versions_follow_each_other,
        lambda: held_from_ever("campaigns"),
    ),
}
