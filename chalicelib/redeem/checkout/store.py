"""Orders as items: `member / O#id`, listed by the time of placing through `l1`.

An order is the receipt of the request that placed it. Its address is a separate item,
`member / A#id`, so that personal data can be erased without touching what the books need.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import member_within
from chalicelib.kernel.pages import Page
from chalicelib.ledger.wallets.model import Lot
from chalicelib.redeem.checkout.model import Address, Fulfilment, Order, Status
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import Range, fetch, fetch_raw, query
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work


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


class AddressItem(Item):
    """Where an order goes."""

    body = UnicodeAttribute(attr_name="b")


def key_of(order_id: str) -> Key:
    """Return where an order is: its id names its member."""
    return (member_within(order_id), f"O#{order_id}")


def put_order(tx: Transaction, order: Order) -> None:
    """Add an order; the first piece of its transaction, because it is the receipt."""
    tx.put(
        OrderItem(
            *key_of(order.id),
            l1=f"O#{rfc3339(order.placed_at)}",
            reward=order.reward_id,
            reward_version=order.reward_version,
            option=order.option,
            quantity=order.quantity,
            points=order.points,
            status=order.status.value,
            fulfilment=order.fulfilment.value,
            taken={key_of_day(lot.expires_on): lot.points for lot in order.taken},
            program_version=order.program_version,
            fingerprint=order.fingerprint,
        ),
        otherwise=replayed_or_reused(order.fingerprint),
    )


def put_address(tx: Transaction, order_id: str, *, address: Address) -> None:
    """Add an order's address."""
    body = json.dumps(asdict(address), ensure_ascii=False, separators=(",", ":"))
    tx.put(AddressItem(*_address_key(order_id), body=body), otherwise=lambda _: Contended())


def find_raw(work: Work, order_id: str) -> RawItem | None:
    """Return an order's item, or None."""
    key = key_of(order_id)
    return fetch_raw(work, [key]).get(key)


def find(work: Work, order_id: str) -> Order | None:
    """Return an order, or None."""
    raw = find_raw(work, order_id)
    return None if raw is None else order_from(raw)


def address_of(work: Work, order: Order) -> Address | None:
    """Return where an order goes, or None."""
    if order.fulfilment is Fulfilment.NONE:
        return None
    item = fetch(work, AddressItem.named(*_address_key(order.id)))
    return None if item is None else Address(**json.loads(item.body))


def page_of(work: Work, member_id: str, *, limit: int, after: str | None) -> Page[Order]:
    """Return a member's orders, newest first."""
    part = Range(member_id, "O#", index="l1", forward=False, limit=limit, after=after)
    page = query(work, OrderItem, part=part)
    return Page([_order(item) for item in page.items], page.next_position)


def order_from(raw: RawItem) -> Order:
    """Return the order that an image holds."""
    return _order(OrderItem.read(raw))


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
        taken=tuple(Lot(day_of_key(key), item.taken[key]) for key in sorted(item.taken)),
        program_version=item.program_version,
        fingerprint=item.fingerprint,
    )


def _address_key(order_id: str) -> Key:
    return (member_within(order_id), f"A#{order_id}")
