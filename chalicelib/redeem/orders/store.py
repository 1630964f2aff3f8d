"""Orders as items: `member / O#id`, listed by the time of placing through `l1`.

An order is the receipt of the request that placed it. Its address is a separate item,
`member / A#id`, which can be erased without touching the books. Every step puts an order whole
under a compare-and-swap on its version. One that waits has a deadline in the index of wake-ups.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute

from chalicelib.catalog.stock.model import Mode
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import member_within
from chalicelib.kernel.money import Money
from chalicelib.kernel.pages import Page
from chalicelib.ledger.wallets.model import Lot, Lots
from chalicelib.redeem.orders.model import (
    Address,
    Concern,
    Dispute,
    DisputeState,
    Fulfilment,
    Order,
    Status,
    Wish,
)
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import Range, fetch_raw, query, query_all
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction, erase_all, moved
from chalicelib.storage.wakes import wake
from chalicelib.storage.work import Work

REVIEW: Final = "review"
"""The kind of deadline that ends a review."""
PAYMENT: Final = "payment"
"""The kind of deadline that ends waiting for money."""
WAKE: Final = {Status.IN_REVIEW: REVIEW, Status.AWAITING_PAYMENT: PAYMENT}
"""What kind of deadline an order in a state has."""
CASH: Final = "cash"
"""The kind under which an order with a cash part is found by the time of placing."""
DISPUTED: Final = "disputed"
"""The kind under which an order is found while its payment is disputed."""


class OrderItem(Item):
    """One order as stored."""

    reward = UnicodeAttribute(attr_name="w")
    reward_version = IntAttribute(attr_name="wv")
    option = IntAttribute(attr_name="i")
    quantity = IntAttribute(attr_name="n")
    points = IntAttribute(attr_name="b")
    status = UnicodeAttribute(attr_name="st")
    fulfilment = UnicodeAttribute(attr_name="fu")
    taken = IntMapAttribute(attr_name="d")
    program_version = IntAttribute(attr_name="pv")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)
    mode = UnicodeAttribute(attr_name="m")
    units = IntMapAttribute(attr_name="u")
    version = IntAttribute(attr_name="v")
    periods = UnicodeAttribute(attr_name="lp", null=True)
    settled_at = UnicodeAttribute(attr_name="sa", null=True)
    deadline = UnicodeAttribute(attr_name="dl", null=True)
    concerns = UnicodeAttribute(attr_name="co", null=True)
    quantity_returned = IntAttribute(attr_name="nr", null=True)
    returned = IntAttribute(attr_name="br", null=True)
    debt_paid = IntAttribute(attr_name="o", null=True)
    expired = IntAttribute(attr_name="x", null=True)
    is_fetched = BooleanAttribute(attr_name="c", null=True)
    tracking = UnicodeAttribute(attr_name="tr", null=True)
    cash = IntAttribute(attr_name="ca", null=True)
    currency = UnicodeAttribute(attr_name="cc", null=True)
    attempt = IntAttribute(attr_name="at", null=True)
    intent_id = UnicodeAttribute(attr_name="pi", null=True)
    cash_returned = IntAttribute(attr_name="cb", null=True)
    dispute_id = UnicodeAttribute(attr_name="di", null=True)
    dispute_state = UnicodeAttribute(attr_name="ds", null=True)
    dispute_taken = IntMapAttribute(attr_name="dt", null=True)
    dispute_debt = IntAttribute(attr_name="dd", null=True)
    wish = UnicodeAttribute(attr_name="cw", null=True)
    wish_print = BinaryAttribute(attr_name="cf", null=True, legacy_encoding=False)


class AddressItem(Item):
    """Where an order goes."""

    body = UnicodeAttribute(attr_name="b")


def key_of(order_id: str) -> Key:
    """Return where an order is: its id names its member."""
    return (member_within(order_id), f"O#{order_id}")


def put_order(tx: Transaction, order: Order) -> None:
    """Add a new order; the first piece of its transaction, because it is the receipt."""
    tx.put(_item(order), otherwise=replayed_or_reused(order.fingerprint))


def replace_order(tx: Transaction, before: Order, *, after: Order) -> None:
    """Add an order's next version, in the place of the one that was judged."""
    key = key_of(before.id)
    tx.put(
        _item(after),
        condition=OrderItem.version == before.version,
        otherwise=moved(key),
    )


def put_address(tx: Transaction, order_id: str, *, address: Address) -> None:
    """Add an order's address."""
    body = json.dumps(asdict(address), ensure_ascii=False, separators=(",", ":"))
    tx.put(AddressItem(*_address_key(order_id), body=body), otherwise=lambda _: Contended())


def find_raw(work: Work, order_id: str) -> RawItem | None:
    """Return an order's item, or None."""
    key = key_of(order_id)
    return fetch_raw(work, [key]).get(key)


def find_all(work: Work, order_ids: Sequence[str]) -> list[Order]:
    """Return the orders that exist among the ids, in their order."""
    keys = [key_of(order_id) for order_id in order_ids]
    found = fetch_raw(work, keys)
    return [order_from(found[key]) for key in keys if key in found]


def latest(tx: Transaction, order: Order) -> Order:
    """Return the order that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(key_of(order.id))
    return order if image is None else order_from(image)


def page_of(work: Work, member_id: str, *, limit: int, after: str | None) -> Page[Order]:
    """Return a member's orders, newest first."""
    part = Range(member_id, "O#", index="l1", forward=False, limit=limit, after=after)
    page = query(work, OrderItem, part=part)
    return Page([_order(item) for item in page.items], page.next_position)


def all_of(work: Work, member_id: str) -> Iterator[Order]:
    """Yield every order of a member."""
    return map(_order, query_all(work, OrderItem, part=Range(member_id, "O#")))


def addresses_of(work: Work, order_ids: Sequence[str]) -> dict[str, Address]:
    """Return where orders go, by their ids; those without an address are left out."""
    found = fetch_raw(work, [_address_key(order_id) for order_id in order_ids])
    read = map(AddressItem.read, found.values())
    return {item.sort[2:]: Address(**json.loads(item.body)) for item in read}


def erase_addresses(work: Work, member_id: str) -> None:
    """Erase the addresses of a member's orders."""
    erase_all(work, Range(member_id, "A#"))


def placed_since(work: Work, member_id: str, *, since: datetime, limit: int) -> int:
    """Return how many orders a member has placed since an instant, at most `limit`."""
    page = page_of(work, member_id, limit=limit, after=None)
    return sum(order.placed_at > since for order in page.items)


def order_from(raw: RawItem) -> Order:
    """Return the order that an image holds."""
    return _order(OrderItem.read(raw))


def _item(order: Order) -> OrderItem:
    item = OrderItem(
        *key_of(order.id),
        l1=f"O#{rfc3339(order.placed_at)}",
        reward=order.reward_id,
        reward_version=order.reward_version,
        option=order.option,
        quantity=order.quantity,
        points=order.points,
        status=order.status.value,
        fulfilment=order.fulfilment.value,
        taken=_by_day(order.taken),
        program_version=order.program_version,
        fingerprint=order.fingerprint,
        mode=order.mode.value,
        units={str(place): number for place, number in order.units.items()},
        version=order.version,
        periods=",".join(order.periods) or None,
        settled_at=_told(order.settled_at),
        deadline=_told(order.deadline),
        concerns=",".join(order.concerns) or None,
        quantity_returned=order.quantity_returned or None,
        returned=order.returned or None,
        debt_paid=order.debt_paid or None,
        expired=order.expired or None,
        is_fetched=order.is_fetched or None,
        tracking=order.tracking,
        cash=order.cash.amount if order.cash else None,
        currency=order.cash.currency if order.cash else None,
        attempt=order.attempt if order.cash else None,
        intent_id=order.intent_id,
        cash_returned=order.cash_returned or None,
        wish=order.wish and order.wish.receipt,
        wish_print=order.wish and order.wish.fingerprint,
    )
    if order.dispute is not None:
        item.dispute_id = order.dispute.id
        item.dispute_state = order.dispute.state.value
        item.dispute_taken = _by_day(order.dispute.taken) or None
        item.dispute_debt = order.dispute.debt or None
        if order.dispute.state is DisputeState.OPEN:
            waits = wake(DISPUTED, order.id, at=order.placed_at)
            item.wk, item.wa = waits["wk"], waits["wa"]
    if order.deadline is not None:
        waits = wake(WAKE[order.status], order.id, at=order.deadline)
        item.wk, item.wa = waits["wk"], waits["wa"]
    return item


def _order(item: OrderItem) -> Order:
    assert item.l1 is not None, item.sort
    return Order(
        id=item.sort.removeprefix("O#"),
        member_id=item.partition,
        reward_id=item.reward,
        reward_version=item.reward_version,
        option=item.option,
        quantity=item.quantity,
        points=item.points,
        status=Status(item.status),
        fulfilment=Fulfilment(item.fulfilment),
        placed_at=datetime.fromisoformat(item.l1.removeprefix("O#")),
        taken=_lots(item.taken),
        program_version=item.program_version,
        fingerprint=item.fingerprint,
        mode=Mode(item.mode),
        units={int(place): number for place, number in item.units.items()},
        version=item.version,
        periods=_list(item.periods),
        settled_at=_instant(item.settled_at),
        deadline=_instant(item.deadline),
        concerns=tuple(Concern(told) for told in _list(item.concerns)),
        quantity_returned=item.quantity_returned or 0,
        returned=item.returned or 0,
        debt_paid=item.debt_paid or 0,
        expired=item.expired or 0,
        is_fetched=bool(item.is_fetched),
        tracking=item.tracking,
        cash=Money(item.cash, item.currency) if item.cash and item.currency else None,
        attempt=item.attempt or 1,
        intent_id=item.intent_id,
        cash_returned=item.cash_returned or 0,
        dispute=_dispute(item),
        wish=Wish(item.wish, item.wish_print) if item.wish and item.wish_print else None,
    )


def _dispute(item: OrderItem) -> Dispute | None:
    if not item.dispute_id:
        return None
    return Dispute(
        item.dispute_id,
        DisputeState(item.dispute_state),
        _lots(item.dispute_taken or {}),
        item.dispute_debt or 0,
    )


def _by_day(lots: Lots) -> dict[str, int]:
    return {key_of_day(lot.expires_on): lot.points for lot in lots}


def _lots(stored: Mapping[str, int]) -> Lots:
    return tuple(Lot(day_of_key(key), stored[key]) for key in sorted(stored))


def _address_key(order_id: str) -> Key:
    return (member_within(order_id), f"A#{order_id}")


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)


def _instant(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)


def _list(told: str | None) -> tuple[str, ...]:
    return tuple(told.split(",")) if told else ()
