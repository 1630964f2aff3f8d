"""Campaigns for tests: as facts, and as operators begin them through the front door."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.money import Money
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import DEFAULTS
from chalicelib.tiers.campaigns.model import Basket, Campaign, CampaignSet
from chalicelib.tiers.judging.model import Case, Facts, Judged
from chalicelib.tiers.judging.rules import judge
from tests.builders import MEMBER_ID, NOW
from tests.events import Json
from tests.mall import Mall, made

SHANGHAI: Final = "Asia/Shanghai"
SENTENCE: Final = {"zh": "春季双倍", "en": "Double in spring"}


def cmp(letter: str) -> str:
    """Return the id of a campaign, in the order of letters."""
    return f"cmp_0000000000{letter}"


def a_campaign(letter: str = "a", **fields: Any) -> Campaign:
    """Return a campaign that doubles every purchase, unless told otherwise."""
    told: dict[str, Any] = {"multiplier_bp": None if "bonus" in fields else 20_000} | fields
    return Campaign(cmp(letter), 1, NOW, Sentence("春季双倍", "Double in spring"), **told)


def a_bonus(letter: str = "a", *, points: int = 200, yuan: int = 500, **fields: Any) -> Campaign:
    """Return a campaign that gives points from so many yuan on."""
    return a_campaign(letter, bonus=points, threshold=Money(yuan * 100, "cny"), **fields)


def a_set(*campaigns: Campaign, version: int = 1) -> CampaignSet:
    """Return a set of campaigns."""
    return CampaignSet(version, NOW, campaigns)


def a_case(
    *campaigns: Campaign, fen: int = 10_000, at: datetime = NOW, zone: str = SHANGHAI, **basket: Any
) -> Case:
    """Return a member's purchase under campaigns and the default settings."""
    told = {"channel": "store-1", "member_id": MEMBER_ID} | basket
    asked = Basket(Money(fen, "cny"), at, day_of(at, zone), **told)
    return Case(asked, replace(DEFAULTS, zone=zone), a_set(*campaigns), zone)


def judged(*campaigns: Campaign, facts: Facts | None = None, **told: Any) -> Judged:
    """Return what a purchase is given."""
    return judge(a_case(*campaigns, **told), facts or Facts())


def points_of(given: Judged) -> dict[str, int]:
    """Return what each campaign gave, by the last letter of its id."""
    return {o.campaign.id[-1]: o.points for o in given.judgement.outcomes}


def reasons_of(given: Judged) -> dict[str, str]:
    """Return why each other campaign gave nothing, by the last letter of its id."""
    return {told.rule[-1]: told.why.value for told in given.not_applied}


def noon(day: date) -> datetime:
    """Return noon in Shanghai."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def doubling(**fields: object) -> Json:
    """Return a campaign that doubles every purchase, as an operator writes it."""
    return {"sentence": SENTENCE, "multiplier_bp": 20_000, **fields}


def giving(points: int = 200, *, yuan: int = 500, **fields: object) -> Json:
    """Return a campaign that gives points from so many yuan on, as an operator writes it."""
    threshold = {"amount": yuan * 100, "currency": "cny"}
    return {"sentence": SENTENCE, "bonus": points, "threshold": threshold, **fields}


def begun(mall: Mall, body: Json) -> str:
    """Begin a campaign, and return its id."""
    return str(made(mall.marketing.post("/admin/campaigns", body), 201)["id"])


def edited(mall: Mall, campaign_id: str, **changes: object) -> Json:
    """Change a campaign as it is now."""
    path = f"/admin/campaigns/{campaign_id}"
    read = mall.marketing.get(path)
    tag = {"If-Match": read.headers["etag"]}
    return made(mall.marketing.put(path, {**read.json, **changes}, headers=tag), 200)
