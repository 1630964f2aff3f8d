"""Rewards as items: `catalog / R#id`, one for each, whole and in its present version.

`l1` is the order of the shelf, newest last; `l2` is that order within a category, and is only
there where a reward has one. A listing reads an index that holds the rewards themselves, so it
costs one query whatever the size of the catalog. An item also keeps the fingerprint of the request
that created it, and how many shards and numbers its stock has, which grow with the stock and not
with the version.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.catalog.rewards.model import (
    Audience,
    Kind,
    Limit,
    Option,
    Per,
    Reward,
    Standing,
    Text,
    Window,
)
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Stale
from chalicelib.kernel.money import Money
from chalicelib.kernel.pages import Page
from chalicelib.storage.reads import Range, fetch, position_after, query
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Replayed, Transaction, moved
from chalicelib.storage.work import Work

PARTITION: Final = "catalog"
SHELF: Final = "K#"
"""What every `l1` begins with."""
APART: Final = frozenset({"id", "version", "created_at"})
"""Fields that are attributes of their own."""


class RewardItem(Item):
    """One reward as stored."""

    body = UnicodeAttribute(attr_name="b")
    version = IntAttribute(attr_name="v")
    shards = IntAttribute(attr_name="n")
    made = IntAttribute(attr_name="m", null=True)
    reserved = IntAttribute(attr_name="rs", null=True)
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


def key_of(reward_id: str) -> Key:
    """Return where a reward is."""
    return (PARTITION, f"R#{reward_id}")


def read_reward(work: Work, reward_id: str) -> Reward | None:
    """Return a reward as it is now, or None."""
    item = fetch(work, RewardItem.named(*key_of(reward_id)))
    return None if item is None else _reward(item)


def reward_from(raw: RawItem) -> Reward:
    """Return the reward that an image holds."""
    return _reward(RewardItem.read(raw))


def page_of(work: Work, category: str | None, *, limit: int, after: str | None) -> Page[Reward]:
    """Return rewards of a category, or of all, newest first."""
    prefix = SHELF if category is None else f"{category}#"
    index = _index(category)
    part = Range(PARTITION, prefix, index=index, forward=False, limit=limit, after=after)
    page = query(work, RewardItem, part=part)
    return Page([_reward(item) for item in page.items], page.next_position)


def position_behind(reward: Reward, category: str | None) -> str:
    """Return where a listing goes on that was cut behind a reward."""
    item = RewardItem(*key_of(reward.id), l1=_place(reward), l2=_place_within(reward))
    return position_after(item, _index(category))


def put_reward(tx: Transaction, reward: Reward, *, fingerprint: bytes) -> None:
    """Add a new reward, which is the receipt of the request that creates it."""
    item = RewardItem(
        *key_of(reward.id),
        body=_body(reward),
        version=reward.version,
        shards=reward.stock.shards,
        made=reward.stock.made,
        fingerprint=fingerprint,
        l1=_place(reward),
        l2=_place_within(reward),
    )
    tx.put(item, otherwise=replayed_or_reused(fingerprint))


def replace_reward(tx: Transaction, reward: Reward) -> None:
    """Add the next version of a reward; its shards and its fingerprint stay as they are.

    A version that is there already is our own, whose answer was lost, or somebody else's.
    """
    body, place = _body(reward), _place_within(reward)

    def otherwise(image: RawItem | None) -> Exception:
        ours = {"b": {"S": body}, "v": {"N": str(reward.version)}}
        return Replayed(image) if image and ours.items() <= image.items() else Stale()

    tx.update(
        RewardItem(*key_of(reward.id)),
        (
            RewardItem.body.set(body),
            RewardItem.version.set(reward.version),
            RewardItem.l2.set(place) if place else RewardItem.l2.remove(),
        ),
        condition=RewardItem.version == reward.version - 1,
        otherwise=otherwise,
    )


def grow_stock(tx: Transaction, before: StockPlan, *, after: StockPlan) -> None:
    """Add that a reward has more shards or numbers from now on."""
    _swap(
        tx,
        before.reward_id,
        actions=(RewardItem.shards.set(after.shards), RewardItem.made.set(after.made)),
        condition=(RewardItem.shards == before.shards) & _is(RewardItem.made, before.made),
    )


def reserve(tx: Transaction, before: StockPlan, *, reserved: int) -> None:
    """Add that numbers below `reserved` are promised."""
    _swap(
        tx,
        before.reward_id,
        actions=(RewardItem.reserved.set(reserved),),
        condition=_is(RewardItem.reserved, before.reserved),
    )


def _swap(
    tx: Transaction, reward_id: str, *, actions: tuple[Action, ...], condition: Condition
) -> None:
    """Add a change of a reward's stock, if that is as it was read."""
    key = key_of(reward_id)
    tx.update(
        RewardItem(*key),
        actions,
        condition=condition,
        otherwise=moved(key),
    )


def _is(attribute: IntAttribute, number: int) -> Condition:
    """Return the condition that a number is as it was read; 0 is what was never written."""
    same: Condition = attribute == number
    return same if number else same | attribute.does_not_exist()


def _index(category: str | None) -> str:
    return "l1" if category is None else "l2"


def _place(reward: Reward) -> str:
    """Return a reward's place on the shelf."""
    return f"{SHELF}{rfc3339(reward.created_at)}"


def _place_within(reward: Reward) -> str | None:
    """Return a reward's place within its category."""
    return f"{reward.category}#{rfc3339(reward.created_at)}" if reward.category else None


def _body(reward: Reward) -> str:
    told = {name: value for name, value in asdict(reward).items() if name not in APART}
    told["stock"] = {name: told["stock"][name] for name in ("mode", "units", "peak_per_second")}
    return json.dumps(told, default=rfc3339, ensure_ascii=False, separators=(",", ":"))


def _reward(item: RewardItem) -> Reward:
    told = json.loads(item.body)
    assert item.l1 is not None
    return Reward(
        id=item.sort.removeprefix("R#"),
        version=item.version,
        created_at=datetime.fromisoformat(item.l1.removeprefix(SHELF)),
        kind=Kind(told["kind"]),
        title=Text(**told["title"]),
        description=_text(told["description"]),
        brand=told["brand"],
        picture=told["picture"],
        category=told["category"],
        options=tuple(_option(o) for o in told["options"]),
        audience=_audience(told["audience"]),
        limits=tuple(Limit(Per(limit["per"]), limit["units"]) for limit in told["limits"]),
        shown=_window(told["shown"]),
        redeemable=_window(told["redeemable"]),
        stock=_plan(item, told["stock"]),
    )


def _plan(item: RewardItem, told: dict[str, Any]) -> StockPlan:
    return StockPlan(
        item.sort.removeprefix("R#"),
        Mode(told["mode"]),
        told["units"],
        told["peak_per_second"],
        shards=item.shards,
        made=item.made or 0,
        reserved=item.reserved or 0,
    )


def _audience(told: dict[str, Any]) -> Audience:
    standing = Standing(told["standing"]) if told["standing"] else None
    return Audience(standing, told["plan"], tuple(told["tags"]))


def _option(told: dict[str, Any]) -> Option:
    cash = Money(**told["cash"]) if told.get("cash") else None
    return Option(told["points"], _text(told["label"]), cash)


def _text(told: dict[str, str] | None) -> Text | None:
    return Text(**told) if told else None


def _window(told: dict[str, str | None] | None) -> Window | None:
    return Window(_instant(told["opens"]), _instant(told["closes"])) if told else None


def _instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
