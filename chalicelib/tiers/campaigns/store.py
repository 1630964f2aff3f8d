"""Campaigns as items, and what they have given.

    campaigns / K#id            a campaign, whole and in its present version; `l1` is its place
    program / D#campaigns#n     one version of the set of all that had not ended, immutable
    id / N                      how many points were taken from a campaign's budget
    member / Y#id#period        how many points a campaign gave a member in a period of its cap

A set holds whole campaigns, so judging a purchase of any day reads one item. The budget is a plain
counter outside of transactions: nobody who buys conflicts with anybody over it. It is taken before
what it pays for is written, so a crash in between leaves points that nobody gets; never the other
way round.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended, Stale
from chalicelib.kernel.money import Money
from chalicelib.kernel.pages import Page
from chalicelib.storage.reads import Range, fetch, fetch_raw, patiently, query, query_all
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem, code_of
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns.model import (
    DOCUMENT,
    Campaign,
    CampaignSet,
    Cap,
    GivenTo,
    Per,
    Sentence,
)
from chalicelib.tiers.campaigns.rules import period_of

PARTITION: Final = "campaigns"
PLACE: Final = "K#"
"""What every sort key and every `l1` of a campaign begins with."""
REFUSED: Final = "ConditionalCheckFailedException"


class CampaignItem(Item):
    """One campaign as stored, with the fingerprint of the request that created it."""

    body = UnicodeAttribute(attr_name="b")
    version = IntAttribute(attr_name="v")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


class SetItem(Item):
    """One version of the set."""

    body = UnicodeAttribute(attr_name="b")


class CounterItem(Item):
    """Points that a campaign gave: in all, or to one member in a period."""

    points = IntAttribute(attr_name="n")


class CapFilled(Mistaken):
    """A member got more of a campaign meanwhile than the purchase was judged by."""


def key_of(campaign_id: str) -> Key:
    """Return where a campaign is."""
    return (PARTITION, f"{PLACE}{campaign_id}")


def budget_key(campaign_id: str) -> Key:
    """Return where it is counted what was taken from a budget."""
    return (campaign_id, "N")


def cap_key(member_id: str, campaign: Campaign, *, day: date) -> Key:
    """Return where it is counted what a campaign gave a member in the period of a day."""
    assert campaign.per_member is not None, campaign
    return (member_id, f"Y#{campaign.id}#{period_of(campaign.per_member.per, day)}")


def points_from(raw: RawItem | None) -> int:
    """Return the points that a counter's image holds; before the first there is no item."""
    return 0 if raw is None else CounterItem.read(raw).points


def given_to(work: Work, member_id: str) -> list[GivenTo]:
    """Return what campaigns with a cap gave a member, of periods long past too."""
    items = query_all(work, CounterItem, part=Range(member_id, "Y#"))
    named = ((item.sort.split("#"), item.points) for item in items)
    return [GivenTo(campaign_id, period, points) for (_, campaign_id, period), points in named]


def read_campaign(work: Work, campaign_id: str) -> Campaign | None:
    """Return a campaign as it is now, or None."""
    item = fetch(work, CampaignItem.named(*key_of(campaign_id)))
    return None if item is None else _campaign(json.loads(item.body))


def read_set(work: Work, version: int) -> CampaignSet:
    """Return a version of the set; the head names only versions that exist."""
    item = fetch(work, SetItem.named(*_set_key(version)))
    assert item is not None, version
    told = json.loads(item.body)
    campaigns = tuple(_campaign(campaign) for campaign in told["campaigns"])
    return CampaignSet(version, datetime.fromisoformat(told["since"]), campaigns)


def page_of(work: Work, *, limit: int, after: str | None) -> Page[Campaign]:
    """Return campaigns, newest first."""
    part = Range(PARTITION, PLACE, index="l1", forward=False, limit=limit, after=after)
    page = query(work, CampaignItem, part=part)
    return Page([_campaign(json.loads(item.body)) for item in page.items], page.next_position)


def taken_of(work: Work, campaign_ids: Sequence[str]) -> dict[str, int]:
    """Return how many points were taken from each budget."""
    found = fetch_raw(work, [budget_key(name) for name in campaign_ids])
    return {name: points_from(found.get(budget_key(name))) for name in campaign_ids}


def put_campaign(tx: Transaction, campaign: Campaign, *, fingerprint: bytes) -> None:
    """Add a new campaign, which is the receipt of the request that creates it."""
    item = CampaignItem(
        *key_of(campaign.id),
        body=_json(campaign),
        version=campaign.version,
        fingerprint=fingerprint,
        l1=f"{PLACE}{rfc3339(campaign.created_at)}",
    )
    tx.put(item, otherwise=replayed_or_reused(fingerprint))


def replace_campaign(tx: Transaction, campaign: Campaign) -> None:
    """Add the next version of a campaign; its fingerprint stays as it is.

    A version that is there already is our own, whose answer was lost, or somebody else's.
    """
    body = _json(campaign)

    def otherwise(image: RawItem | None) -> Exception:
        ours = {"b": {"S": body}, "v": {"N": str(campaign.version)}}
        return Replayed(image) if image and ours.items() <= image.items() else Stale()

    tx.update(
        CampaignItem(*key_of(campaign.id)),
        (CampaignItem.body.set(body), CampaignItem.version.set(campaign.version)),
        condition=CampaignItem.version == campaign.version - 1,
        otherwise=otherwise,
    )


def put_set(tx: Transaction, campaigns: CampaignSet) -> None:
    """Add a version of the set. Already there: somebody else's, and the head has moved."""
    item = SetItem(*_set_key(campaigns.version), body=_json(campaigns))
    tx.put(item, otherwise=lambda _: Contended())


def take_budget(work: Work, campaign: Campaign, *, points: int, budget: int) -> bool:
    """Take points from a budget, all of them or none; tell whether there were as many.

    An answer that is lost costs the campaign these points once more.
    """
    if points > budget:
        return False
    item = CounterItem(*budget_key(campaign.id))
    room = CounterItem.points <= budget - points
    first = CounterItem.points.does_not_exist()
    try:
        patiently(work, lambda: item.update([CounterItem.points.add(points)], first | room))
    except UpdateError as failure:
        if code_of(failure) != REFUSED:
            raise
        return False
    return True


def return_budget(campaign_id: str, *, points: int) -> None:
    """Give points back that paid for nothing.

    Tried once: given back twice, they would be spent twice. What goes wrong costs the campaign.
    """
    item = CounterItem(*budget_key(campaign_id))
    try:
        item.update([CounterItem.points.add(-points)], CounterItem.points >= points)
    except UpdateError:
        return


def add_to_cap(tx: Transaction, key: Key, *, points: int, most: int) -> None:
    """Add points that a member gets of a campaign, as long as they stay within its cap."""
    room = CounterItem.points <= most - points
    tx.update(
        CounterItem(*key),
        (CounterItem.points.add(points),),
        condition=CounterItem.points.does_not_exist() | room,
        otherwise=lambda _: CapFilled(),
    )


def _set_key(version: int) -> Key:
    return ("program", f"D#{DOCUMENT}#{version:012d}")


def _json(told: Campaign | CampaignSet) -> str:
    return json.dumps(asdict(told), default=rfc3339, ensure_ascii=False, separators=(",", ":"))


def _campaign(told: dict[str, Any]) -> Campaign:
    """Return the campaign that its JSON tells; lists of it are tuples, instants are texts there."""
    lists = ("weekdays", "categories", "channels", "standings", "wins_over")
    instants = ("created_at", "opens", "closes")
    threshold, cap = told["threshold"], told["per_member"]
    return Campaign(
        **told
        | {name: tuple(told[name]) for name in lists}
        | {name: datetime.fromisoformat(told[name]) for name in instants if told[name]}
        | {
            "sentence": Sentence(**told["sentence"]),
            "threshold": Money(**threshold) if threshold else None,
            "per_member": Cap(cap["points"], Per(cap["per"])) if cap else None,
        }
    )
