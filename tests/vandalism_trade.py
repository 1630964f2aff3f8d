"""Corruptions of what tills report: purchases, their refunds, and guests' claims."""

from __future__ import annotations

from typing import Any, Final

from tests import invariants_trade as trade
from tests.mall import id_of
from tests.vandalism import Columns, Plants, alter, change, items, n, put, remove, s, strip
from tests.vandalism_members import BOUGHT, REFUNDED, entry

FIRST: Final = "store-1#p-0"
CLAIMED: Final = "store-1#guest-2"
UNCLAIMED: Final = "store-1#guest-1"


def purchase(name: str = FIRST) -> Columns:
    return items("purchase", p=name)[0]


def refund(name: str, of: str) -> Columns:
    return items("refund", p=name, s=f"F#{of}")[0]


def claimed(**columns: dict[str, Any]) -> None:
    alter(items("entry", "mei", k="purchase_claim")[0], **columns)


PLANTS: Final[Plants] = {
    "a shard below 0": (trade.nothing_counted_is_negative, lambda: change("shard", f=n(-1))),
    "more units free than made": (
        trade.nothing_counted_is_negative,
        lambda: change("shard", f=n(14), m=n(13)),
    ),
    "withdrawn units that were not free": (
        trade.nothing_counted_is_negative,
        lambda: change("shard", w=n(1)),
    ),
    "a counter below 0": (trade.nothing_counted_is_negative, lambda: change("limit", n=n(-1))),
    "more refunded than paid": (
        trade.nothing_counted_is_negative,
        lambda: alter(purchase(), r=n(50001), a=n(50000)),
    ),
    "a purchase without an entry": (
        trade.purchases_and_entries_agree,
        lambda: entry(BOUGHT, k=s("redemption")),
    ),
    "an entry without a purchase": (
        trade.purchases_and_entries_agree,
        lambda: remove(purchase()),
    ),
    "a purchase with other points": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(), n=n(501)),
    ),
    "a purchase with a debt that nobody paid": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(), o=n(1)),
    ),
    "a purchase of somebody else": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(), m=s(id_of("ana"))),
    ),
    "a claim without an entry": (
        trade.purchases_and_entries_agree,
        lambda: claimed(k=s("adjustment")),
    ),
    "a claim that brought all points in spite of a refund": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(CLAIMED), n=n(110)),
    ),
    "a claim by somebody else": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(CLAIMED), m=s(id_of("ana"))),
    ),
    "a claim that nobody made": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(UNCLAIMED), m=s(id_of("mei"))),
    ),
    "a claim that paid a debt": (
        trade.purchases_and_entries_agree,
        lambda: alter(purchase(CLAIMED), y=n(1)),
    ),
    "a claim that its purchase knows nothing of": (
        trade.purchases_and_entries_agree,
        lambda: strip(purchase(CLAIMED), "m"),
    ),
    "a purchase that earned twice": (
        trade.purchases_and_entries_agree,
        lambda: claimed(q=s("store-1/p-0")),
    ),
    "a guest's purchase without a code": (
        trade.claim_codes_name_purchases,
        lambda: remove(items("claim", q=UNCLAIMED)[0]),
    ),
    "two codes of one purchase": (
        trade.claim_codes_name_purchases,
        lambda: put(items("claim")[0] | {"p": s("claim#" + "0" * 22), "q": s(UNCLAIMED)}),
    ),
    "a code of a member's purchase": (
        trade.claim_codes_name_purchases,
        lambda: put(items("claim")[0] | {"p": s("claim#" + "0" * 22), "q": s(FIRST)}),
    ),
    "a refund without an entry": (
        trade.refunds_and_entries_agree,
        lambda: entry(REFUNDED, r=s("r-2")),
    ),
    "an entry without a refund": (
        trade.refunds_and_entries_agree,
        lambda: remove(refund(FIRST, "r-1")),
    ),
    "a refund of other points": (
        trade.refunds_and_entries_agree,
        lambda: alter(refund(FIRST, "r-1"), n=n(102)),
    ),
    "a refund that leaves a debt": (
        trade.refunds_and_entries_agree,
        lambda: alter(refund(FIRST, "r-1"), o=n(1)),
    ),
    "a refund before a claim that took points": (
        trade.refunds_and_entries_agree,
        lambda: entry(REFUNDED, r=s("before"), q=s("store-1/guest-1")),
    ),
    "a refund that is not what went back": (
        trade.refunds_make_what_went_back,
        lambda: alter(purchase(), r=n(10049)),
    ),
    "a refund before the claim that the claim did not count": (
        trade.refunds_make_what_went_back,
        lambda: alter(purchase(CLAIMED), x=n(0)),
    ),
    "a refund after the claim that took nothing": (
        trade.refunds_make_what_went_back,
        lambda: alter(items("entry", "mei", k="purchase_refund")[0], k=s("adjustment")),
    ),
    "a refund of a guest's purchase that is gone": (
        trade.refunds_make_what_went_back,
        lambda: remove(refund(UNCLAIMED, "before")),
    ),
}
