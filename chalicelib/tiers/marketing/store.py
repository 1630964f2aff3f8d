"""Campaigns as operators read and write them.

campaigns / K#id            a campaign, whole and in its present version; `l1` is its place
"""

from __future__ import annotations

import json
from typing import Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Stale
from chalicelib.kernel.pages import Page
from chalicelib.storage.reads import Range, fetch, query
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Replayed, Transaction
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns.model import Campaign
from chalicelib.tiers.campaigns.rules import as_json, from_json

PARTITION: Final = "campaigns"
PLACE: Final = "K#"
"""What every sort key and every `l1` of a campaign begins with."""


class CampaignItem(Item):
    """One campaign as stored, with the fingerprint of the request that created it."""

    body = UnicodeAttribute(attr_name="b")
    version = IntAttribute(attr_name="v")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


def key_of(campaign_id: str) -> Key:
    """Return where a campaign is."""
    return (PARTITION, f"{PLACE}{campaign_id}")


def read_campaign(work: Work, campaign_id: str) -> Campaign | None:
    """Return a campaign as it is now, or None."""
    item = fetch(work, CampaignItem.named(*key_of(campaign_id)))
    return None if item is None else from_json(json.loads(item.body))


def page_of(work: Work, *, limit: int, after: str | None) -> Page[Campaign]:
    """Return campaigns, newest first."""
    part = Range(PARTITION, PLACE, index="l1", forward=False, limit=limit, after=after)
    page = query(work, CampaignItem, part=part)
    return Page([from_json(json.loads(item.body)) for item in page.items], page.next_position)


def put_campaign(tx: Transaction, campaign: Campaign, *, fingerprint: bytes) -> None:
    """Add a new campaign, which is the receipt of the request that creates it."""
    item = CampaignItem(
        *key_of(campaign.id),
        body=as_json(campaign),
        version=campaign.version,
        fingerprint=fingerprint,
        l1=f"{PLACE}{rfc3339(campaign.created_at)}",
    )
    tx.put(item, otherwise=replayed_or_reused(fingerprint))


def replace_campaign(tx: Transaction, campaign: Campaign) -> None:
    """Add the next version of a campaign; its fingerprint stays as it is.

    A version that is there already is our own, whose answer was lost, or somebody else's.
    """
    body = as_json(campaign)

    def otherwise(image: RawItem | None) -> Exception:
        ours = {"b": {"S": body}, "v": {"N": str(campaign.version)}}
        return Replayed(image) if image and ours.items() <= image.items() else Stale()

    tx.update(
        CampaignItem(*key_of(campaign.id)),
        (CampaignItem.body.set(body), CampaignItem.version.set(campaign.version)),
        condition=CampaignItem.version == campaign.version - 1,
        otherwise=otherwise,
    )
