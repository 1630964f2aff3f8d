"""Erasing somebody with more orders and addresses than one read or one transaction takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from chalicelib.redeem.orders import store
from chalicelib.redeem.orders.model import Address, Fulfilment, Order
from chalicelib.storage.reads import BATCH_GET_MAX
from chalicelib.storage.transaction import ITEMS_MAX, Transaction, persist
from chalicelib.storage.work import Work
from tests.events import Api
from tests.mall import Mall, made
from tests.orders import ADDRESS, placed, send
from tests.privacy import erased
from tests.rows import of_sort

HOME: Final = Address("林小雨", "+8613800000000", "南京西路 1 号", "上海", "CN")


def test_whoever_has_more_orders_than_are_read_at_once_is_erased_with_all_of_them(
    mall: Mall,
) -> None:
    lin = mall.member("lin", points=100)
    first = sent(mall, lin)
    copies = [replace(first, id=f"{first.id[:-3]}{number:03}") for number in range(BATCH_GET_MAX)]
    *others, last = sorted(copies, key=lambda copy: copy.id)
    unsent = replace(last, fulfilment=Fulfilment.PENDING)
    work = Work(mall.clock.now())
    for start in range(0, len(copies), ITEMS_MAX // 2):
        some = [*others, unsent][start : start + ITEMS_MAX // 2]
        persist(work, partial(put, orders=some))
    refused = lin.delete("/me")
    assert (refused.code, refused["orders"]) == ("orders_open", [unsent.id])
    persist(work, lambda tx: store.replace_order(tx, unsent, after=replace(last, version=9)))
    assert len(of_sort("A#")) > ITEMS_MAX
    erased(lin)
    assert of_sort("A#") == []
    assert [order for order in of_sort("O#") if "tr" in order] == []


def sent(mall: Mall, lin: Api) -> Order:
    """Return an order that was sent, of which something is told."""
    told = placed(lin, mall.reward(10), address=ADDRESS)
    made(send(mall, told, tracking="left at the neighbour's"), 200)
    found = store.find_all(Work(mall.clock.now()), [told["id"]])
    return found[0]


def put(tx: Transaction, *, orders: Sequence[Order]) -> None:
    """Add orders, and where they went."""
    for order in orders:
        store.put_order(tx, order)
        store.put_address(tx, order.id, address=HOME)
