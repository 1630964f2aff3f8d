"""Campaigns: no version is written over or put back by an older one, and no cap is exceeded."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from chalicelib.kernel.errors import Contended
from chalicelib.tiers.campaigns import store
from chalicelib.tiers.campaigns.store import CapFilled
from tests.campaigns import a_campaign, a_set
from tests.mutation.plans import Add, Wrong, handed, refused

CAP: Final = ("mem_00000000001", "Y#cmp_0000000000a#e")


def a_budget(version: int) -> Add:
    campaign = replace(a_campaign(budget=100), version=version)
    return lambda tx: store.set_budget(tx, campaign)


def a_share(points: int) -> Add:
    """Give a member so many points of a campaign that has five for each."""
    return lambda tx: store.add_to_cap(tx, CAP, points=points, most=5)


WRONG: Final = {
    "an older version's budget": Wrong(a_budget(1), Contended, (a_budget(2),)),
    "the same version's again": Wrong(a_budget(2), Contended, (a_budget(1), a_budget(2))),
    "a version of the set that another wrote": Wrong(
        lambda tx: store.put_set(tx, a_set()),
        Contended,
        (lambda tx: store.put_set(tx, a_set(a_campaign())),),
    ),
    "a point more than a cap": Wrong(a_share(2), CapFilled, (a_share(4),)),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("table")
def test_a_plan_that_the_rules_would_never_make_is_refused(name: str) -> None:
    refused(WRONG[name])


@pytest.mark.usefixtures("table")
def test_a_cap_is_filled_from_nothing_to_its_last_point() -> None:
    handed(a_share(3))
    handed(a_share(2))
