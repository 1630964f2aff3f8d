"""Late purchases, channels and hints in campaigns over HTTP: which day, which shop, and if so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.kernel.clock import rfc3339
from chalicelib.storage.work import Work
from tests.api.test_campaigns import buy
from tests.campaigns import begun, doubling, edited, giving
from tests.invariants import check_all
from tests.mall import CHANNEL_NAME, Mall, a_purchase, made

PAID = {"paid": {"amount": 10_000, "currency": "cny"}}


@pytest.fixture(autouse=True)
def books(mall: Mall) -> object:
    """Look at the whole table behind every test."""
    yield
    check_all(Work(mall.clock.now()))


def test_a_late_purchase_has_the_day_it_was_made_on_and_dates_from_its_booking(mall: Mall) -> None:
    lin = mall.member("lin")
    begun(mall, doubling(member_day=30, validity_days=10))
    mall.clock.advance(days=9)
    at = rfc3339(mall.clock.now())
    mall.clock.advance(days=5)
    bought = buy(mall, "lin", 100, occurred_at=at)
    assert bought["points"] == 200
    assert bought["explanation"][1]["text"] == (
        "Double in spring: 100 points more, valid through 2026-12-15."
    )
    assert bought["quote"]["expires_on"] == "2028-12-31"
    lots = lin.get("/me/wallet")["lots"]
    assert [lot["expires_on"] for lot in lots] == ["2026-12-15", "2028-12-31"]


def test_a_campaign_at_a_channel_holds_for_its_till_and_for_members_who_name_it(
    mall: Mall,
) -> None:
    lin = mall.member("lin")
    begun(mall, doubling(channels=[CHANNEL_NAME], per_member={"points": 500, "per": "day"}))
    assert buy(mall, "lin", 100)["points"] == 200
    body = {"member_id": a_purchase("lin", 1, "p")["member_id"], **PAID}
    # A till that names no channel asks about its own, a member about none.
    assert made(mall.till.post("/earn/quote", body), 200)["points"] == 200
    assert lin.post("/earn/quote", PAID)["points"] == 100
    assert lin.post("/earn/quote", {**PAID, "channel": CHANNEL_NAME})["points"] == 200


def test_a_quote_reads_the_caps_and_budgets_of_what_it_hints_at(mall: Mall) -> None:
    mall.member("lin")
    begun(mall, giving(200, yuan=100, budget=399))
    begun(mall, giving(50, yuan=100, per_member={"points": 50, "per": "ever"}))
    begun(mall, doubling(weekdays=["sun"], per_member={"points": 100, "per": "day"}))

    def hinted() -> list[str]:
        return [hint["text"] for hint in buy(mall, "lin", 99)["quote"]["hints"]]

    assert [text.rpartition(": ")[2] for text in sorted(hinted())] == [
        "the next day is 2026-11-22.",
        "¥1.00 more and you get +200.",
        "¥1.00 more and you get +50.",
    ]
    buy(mall, "lin", 100)
    assert hinted() == ["Double in spring: the next day is 2026-11-22."]
    mall.clock.advance(days=1)
    assert buy(mall, "lin", 100)["points"] == 200
    # This Sunday's cap is full, next Sunday's is not; and today none of it is told as if to come.
    assert hinted() == []


def test_days_are_those_of_the_programs_zone_when_a_campaign_is_judged_too(mall: Mall) -> None:
    # Still Sunday in Greenwich.
    window = {"from": "2026-11-22T16:00:00Z", "until": "2026-11-22T20:00:00Z"}
    begun(mall, doubling(weekdays=["mon"], window=window))


def test_an_edit_keeps_when_a_campaign_began_and_never_holds_before_what_it_replaces(
    mall: Mall,
) -> None:
    spring = begun(mall, doubling())
    began = mall.clock.now().isoformat()
    mall.clock.instant -= timedelta(hours=1)
    edited(mall, spring, budget=100)
    mall.clock.advance(hours=2)
    edited(mall, spring, budget=200)
    log = mall.support.get("/admin/audit")["items"]
    changes = [row["after"] for row in log if row["what"] == "campaign.change"]
    assert [after["created_at"] for after in changes] == [began] * 2
