"""Corruptions of a table, written behind the product's back: what the invariants have to see.

They know the history that `test_invariants` lets happen: lin bought twice, returned a part,
redeemed two mugs with an address, and lost the rest to its date; ana is frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chalicelib.settings import settings
from chalicelib.storage.table import connection
from tests import invariants as whole
from tests import invariants_ledger as ledger
from tests import invariants_trade as trade
from tests.books import Raw, plain, scan, shape_of
from tests.invariants import Invariant
from tests.mall import id_of

Columns = dict[str, Any]

ENROLLED, BOUGHT, BOUGHT_AGAIN, REFUNDED, REDEEMED, EXPIRED = range(6)
"""The entries of lin's journal."""


def items(shape: str, member: str = "") -> list[Columns]:
    """Return the items of a shape, or those of one member, as DynamoDB has them."""
    found = [dict(raw) for raw in scan() if shape_of({k: plain(raw[k]) for k in "ps"}) == shape]
    return [item for item in found if not member or item["p"]["S"] == id_of(member)]


def put(item: Columns) -> None:
    _client().put_item(TableName=settings().table, Item=item)


def change(shape: str, of: int = 0, member: str = "", **columns: dict[str, Any]) -> None:
    put(items(shape, member)[of] | columns)


def restore(before: list[Raw]) -> None:
    """Undo whatever was written since."""
    found = scan()
    for item in found:
        if item not in before:
            _client().delete_item(TableName=settings().table, Key=_key(item))
    for item in before:
        if item not in found:
            put(dict(item))


def drop(shape: str, of: int = 0, member: str = "") -> None:
    item = items(shape, member)[of]
    _client().delete_item(TableName=settings().table, Key=_key(item))


def entry(of: int, **columns: dict[str, Any]) -> None:
    change("entry", of, "lin", **columns)


def wallet(**columns: dict[str, Any]) -> None:
    change("wallet", 0, "lin", **columns)


def n(number: int) -> dict[str, Any]:
    return {"N": str(number)}


def m(**numbers: int) -> dict[str, Any]:
    return {"M": {name.removeprefix("_"): n(number) for name, number in numbers.items()}}


PLANTS: Final[dict[str, tuple[Invariant, Callable[[], None]]]] = {
    "an item of no shape": (
        whole.every_item_has_a_known_shape,
        lambda: put({"p": {"S": "what"}, "s": {"S": "ever"}}),
    ),
    "an item of more than 1 KB": (
        whole.items_are_small,
        lambda: wallet(x={"S": "x" * 1000}),
    ),
    "a profile without a wallet": (
        whole.members_are_whole,
        lambda: drop("wallet", member="ana"),
    ),
    "a phone that nobody claims": (whole.members_are_whole, lambda: drop("phone")),
    "a name in the journal": (
        whole.personal_data_stays_at_home,
        lambda: entry(BOUGHT, q={"S": "till/林小雨"}),
    ),
    "a mail address in the audit log": (
        whole.personal_data_stays_at_home,
        lambda: put(
            items("audit")[0]
            | {"s": {"S": "2026-11-21#00000000"}, "u": {"S": id_of("ana")}, "w": {"S": "x"}}
            | {"a": {"S": '["ana@example.test"]'}}
        ),
    ),
    "a phone in a key": (
        whole.personal_data_stays_at_home,
        lambda: put({"p": {"S": "tries#resolve#+8613800000001"}, "s": {"S": "T#1"}}),
    ),
    "an address's phone in an order": (
        whole.personal_data_stays_at_home,
        lambda: change("order", fu={"S": "to 8613800000002"}),
    ),
    "a negative balance": (
        ledger.nothing_in_a_wallet_is_negative,
        lambda: wallet(a=n(-1)),
    ),
    "negative held points": (
        ledger.nothing_in_a_wallet_is_negative,
        lambda: wallet(h=n(-1)),
    ),
    "a negative debt": (ledger.nothing_in_a_wallet_is_negative, lambda: wallet(o=n(-1))),
    "a date without points": (
        ledger.nothing_in_a_wallet_is_negative,
        lambda: wallet(d=m(_310331=10, _310430=0)),
    ),
    "a balance that is not its dates": (
        ledger.balances_are_sums_of_dates,
        lambda: wallet(a=n(11)),
    ),
    "73 dates": (
        ledger.balances_are_sums_of_dates,
        lambda: wallet(
            a=n(73), d=m(**{f"_{30 + month // 12}{month % 12 + 1:02}01": 1 for month in range(73)})
        ),
    ),
    "points beside a debt": (ledger.balances_are_sums_of_dates, lambda: wallet(o=n(1))),
    "a wallet without a journal": (
        ledger.journals_make_the_wallets,
        lambda: drop("entry", member="ana", of=-1),
    ),
    "a journal without a wallet": (
        ledger.journals_make_the_wallets,
        lambda: drop("wallet", member="ana"),
    ),
    "a missing entry": (
        ledger.journals_make_the_wallets,
        lambda: drop("entry", member="lin", of=BOUGHT_AGAIN),
    ),
    "an entry rewritten": (
        ledger.journals_make_the_wallets,
        lambda: entry(BOUGHT, q={"S": "till/another"}),
    ),
    "an entry's own hash": (
        ledger.journals_make_the_wallets,
        lambda: entry(EXPIRED, h={"B": b"0" * 32}),
    ),
    "a broken chain": (
        ledger.journals_make_the_wallets,
        lambda: entry(REDEEMED, ph={"B": b"0" * 32}),
    ),
    "a frozen flag that no entry set": (
        ledger.journals_make_the_wallets,
        lambda: wallet(z={"BOOL": True}),
    ),
    "an exemption that no entry set": (
        ledger.journals_make_the_wallets,
        lambda: wallet(e={"S": "2030-01-01"}),
    ),
    "a wallet one version ahead": (ledger.journals_make_the_wallets, lambda: wallet(v=n(7))),
    "legs that do not sum to 0": (
        ledger.the_books_balance,
        lambda: entry(BOUGHT, g=m(I=-500, A=501)),
    ),
    "a transfer from nobody": (
        ledger.the_books_balance,
        lambda: entry(BOUGHT, g=m(T=-500, A=500)),
    ),
    "a wallet that is not in the books": (ledger.the_books_balance, lambda: wallet(a=n(11))),
    "a redemption from the later date": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(REDEEMED, d=m(_281231=-200)),
    ),
    "a redemption that takes both dates": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(REDEEMED, d=m(_281130=-100, _281231=-100)),
    ),
    "a redemption after the date": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(REDEEMED, a=n(1_900_000_000_000_000)),
    ),
    "points that outlive their date": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(EXPIRED, d=m(_281130=-199, _310331=10)),
    ),
    "a shard below 0": (trade.nothing_counted_is_negative, lambda: change("shard", f=n(-1))),
    "more units free than made": (
        trade.nothing_counted_is_negative,
        lambda: change("shard", f=n(14), m=n(13)),
    ),
    "a counter at 0": (trade.nothing_counted_is_negative, lambda: change("limit", n=n(0))),
    "more refunded than paid": (
        trade.nothing_counted_is_negative,
        lambda: change("purchase", r=n(50001), a=n(50000)),
    ),
    "an order without a redemption": (
        trade.orders_and_redemptions_agree,
        lambda: entry(REDEEMED, k={"S": "purchase"}),
    ),
    "a redemption without an order": (
        trade.orders_and_redemptions_agree,
        lambda: drop("order"),
    ),
    "two redemptions of one order": (
        trade.orders_and_redemptions_agree,
        lambda: entry(REFUNDED, k={"S": "redemption"}, o=items("entry", "lin")[REDEEMED]["o"]),
    ),
    "an order at another price": (
        trade.orders_and_redemptions_agree,
        lambda: change("order", b=n(199)),
    ),
    "an order with another date": (
        trade.orders_and_redemptions_agree,
        lambda: change("order", d=m(_281231=200)),
    ),
    "an order that is not settled": (
        trade.orders_and_redemptions_agree,
        lambda: change("order", st={"S": "cancelled"}),
    ),
    "a redemption that takes more than its order": (
        trade.orders_and_redemptions_agree,
        lambda: entry(REDEEMED, d=m(_281130=-200, _281231=-1)),
    ),
    "a purchase without an entry": (
        trade.purchases_and_entries_agree,
        lambda: entry(BOUGHT, k={"S": "redemption"}),
    ),
    "an entry without a purchase": (
        trade.purchases_and_entries_agree,
        lambda: drop("purchase"),
    ),
    "a purchase with other points": (
        trade.purchases_and_entries_agree,
        lambda: change("purchase", n=n(501)),
    ),
    "a purchase with a debt that nobody paid": (
        trade.purchases_and_entries_agree,
        lambda: change("purchase", o=n(1)),
    ),
    "a purchase of somebody else": (
        trade.purchases_and_entries_agree,
        lambda: change("purchase", m={"S": id_of("ana")}),
    ),
    "a refund without an entry": (
        trade.refunds_and_entries_agree,
        lambda: entry(REFUNDED, r={"S": "r-2"}),
    ),
    "an entry without a refund": (trade.refunds_and_entries_agree, lambda: drop("refund")),
    "a refund of other points": (
        trade.refunds_and_entries_agree,
        lambda: change("refund", n=n(102)),
    ),
    "a refund that leaves a debt": (
        trade.refunds_and_entries_agree,
        lambda: change("refund", o=n(1)),
    ),
    "refunds that are not what went back": (
        trade.refunds_and_entries_agree,
        lambda: change("purchase", r=n(10049)),
    ),
    "a unit too few": (trade.stock_adds_up, lambda: change("shard", f=n(0))),
    "a unit sold twice": (trade.stock_adds_up, lambda: change("order", n=n(3))),
    "a shard that is gone": (trade.stock_adds_up, lambda: drop("shard")),
    "a unit that nobody made": (
        trade.stock_adds_up,
        lambda: put({"p": {"S": f"{_mug()}#9"}, "s": {"S": "S"}, "m": n(1), "f": n(1)}),
    ),
    "units of a reward that does not exist": (
        trade.stock_adds_up,
        lambda: put({"p": {"S": "rwd_00000000000#0"}, "s": {"S": "S"}, "m": n(1), "f": n(1)}),
    ),
    "a counter that misses a unit": (trade.limits_count_orders, lambda: change("limit", n=n(1))),
    "a counter that is gone": (trade.limits_count_orders, lambda: drop("limit", of=-1)),
    "an order past its limit": (trade.limits_count_orders, lambda: change("order", n=n(4))),
    "an order without its address": (
        trade.addresses_belong_to_orders,
        lambda: drop("address"),
    ),
    "an address of an order without one": (
        trade.addresses_belong_to_orders,
        lambda: change("order", fu={"S": "none"}),
    ),
}


def _mug() -> str:
    return str(items("order")[0]["w"]["S"])


def _key(item: Raw) -> Columns:
    return {name: item[name] for name in "ps"}


def _client() -> Any:
    """Return the client; the stubs of PynamoDB's know only what it calls itself."""
    return connection().connection.client
