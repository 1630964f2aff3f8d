"""Use of orders: opening one for a step, taking the step, and ending what waited too long.

A step reads wallet, program head, order and receipt in one consistent batch, is judged by pure
rules, and writes once. Two steps at once meet on the order's version: the later one is judged again
on what the first one left. Whatever an order holds leaves it here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from chalicelib.catalog.limits import service as limits
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.stock.model import StockPlan
from chalicelib.catalog.supply import service as supply
from chalicelib.kernel.errors import NotEnrolled, NotFound
from chalicelib.kernel.ids import ORDER_PATTERN, member_within
from chalicelib.kernel.pages import Page
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.redeem.orders import store
from chalicelib.redeem.orders.model import (
    Address,
    Fulfilment,
    Leaving,
    Order,
    Parcel,
    Shown,
    Status,
    Step,
)
from chalicelib.redeem.orders.rules import account_of, ended, is_overdue, settled, whole
from chalicelib.storage import wakes
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import receipt_sort, replayed_or_reused
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Replayed, Transaction
from chalicelib.storage.work import Work

DESK: Final = "desk"
"""The partition of operators' receipts: one for all orders, so that a key is spent for all."""
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any order."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request about an order: who sent it, its route and key, and its fingerprint.

    `member_id` is the caller where a member asks, None where an operator does. Where no key is
    asked for, `key` is empty and there is no receipt.
    """

    order_id: str
    by: str
    route: str
    key: str
    fingerprint: bytes
    member_id: str | None = None

    @property
    def receipt(self) -> Key:
        """Return the key of its receipt."""
        return (self.member_id or DESK, receipt_sort(self.by, route=self.route, key=self.key))


@dataclass(frozen=True, slots=True)
class Case:
    """An order under judgement: as it was read, with its wallet, the program and its supply."""

    opened: Opened
    order: Order
    plan: StockPlan


def open_case(work: Work, request: Request, *, receipt: Key | None = None) -> Case:
    """Return the order that a request is about, with everything a step needs, in one batch.

    `receipt` is where the request's receipt is, if not among its caller's. Raises `Replayed` or
    `KeyReused` where it is there already, then `NotEnrolled` or `NotFound`.
    """
    receipts = [receipt or request.receipt] if request.key else []
    named = _owner(request.order_id)
    owner = request.member_id or named
    if owner is None:
        _refuse_spent(request, fetch_raw(work, receipts))
        raise NotFound
    order_key = store.key_of(request.order_id)
    keys = [*receipts, order_key] if named == owner else receipts
    absent = NotFound if request.member_id is None else NotEnrolled
    opened = wallets.open_wallet(work, owner, *keys, absent=absent)
    _refuse_spent(request, {key: opened.others[key] for key in receipts if key in opened.others})
    if order_key not in opened.others:
        raise NotFound
    return case_of(work, opened, order=store.order_from(opened.others[order_key]))


def find(work: Work, order_id: str) -> Order:
    """Return an order, or raise `NotFound`."""
    for order in find_all(work, [order_id]):
        return order
    raise NotFound


def of_member(work: Work, member_id: str, *, order_id: str) -> Order:
    """Return one order of a member; raises `NotFound` for anybody else's, and `NotEnrolled`."""
    keys = [store.key_of(order_id)] if _owner(order_id) == member_id else []
    opened = wallets.open_wallet(work, member_id, *keys)
    if not keys or keys[0] not in opened.others:
        raise NotFound
    return store.order_from(opened.others[keys[0]])


def shown(work: Work, order: Order) -> Shown:
    """Return an order and where it goes."""
    if order.fulfilment is Fulfilment.NONE:
        return Shown(order, None)
    return Shown(order, store.addresses_of(work, [order.id]).get(order.id))


def page(work: Work, member_id: str, *, limit: int, after: str | None) -> Page[Order]:
    """Return a member's orders, newest first; raises `NotEnrolled`."""
    wallets.open_wallet(work, member_id)
    return store.page_of(work, member_id, limit=limit, after=after)


def all_of(work: Work, member_id: str) -> Iterator[Order]:
    """Yield every order of a member, also of one who was erased."""
    return store.all_of(work, member_id)


def addresses_of(work: Work, order_ids: Sequence[str]) -> Mapping[str, Address]:
    """Return where orders go, by their ids; those without an address are left out."""
    return store.addresses_of(work, order_ids)


def erase_addresses(work: Work, member_id: str) -> None:
    """Erase every address of a member's orders; again, it goes on where it stopped."""
    store.erase_addresses(work, member_id)


def waiting(work: Work, *, limit: int, after: str | None) -> Page[Order]:
    """Return the orders that somebody has to look at, soonest deadline first."""
    names = wakes.waiting(work, store.REVIEW, limit=limit, after=after)
    found = store.find_all(work, names.items)
    waits = (order for order in found if order.status is Status.IN_REVIEW)
    return Page([one for one in waits if not is_overdue(one, work.now)], names.next_position)


def overdue(work: Work) -> Iterator[str]:
    """Yield the ids of orders that waited past their deadline."""
    for kind in store.WAKE.values():
        yield from wakes.all_due(work, kind)


def found_by_time(order: Order) -> Mapping[str, str]:
    """Return how the entry that reserves an order with cash makes it findable by time.

    The entry and not the order, because it never changes: a second place of the order in the index
    would make settling dearer by a unit, and this one costs one unit once.
    """
    return wakes.wake(store.CASH, order.id, at=order.placed_at) if order.cash else {}


def with_cash(work: Work, *, since: datetime, until: datetime) -> Iterator[str]:
    """Yield the ids of orders with a cash part that were placed in a span."""
    return wakes.named_between(work, store.CASH, since=since, until=until)


def disputed(work: Work) -> Iterator[str]:
    """Yield the ids of orders whose payment is disputed, whenever they were placed."""
    return wakes.named_between(work, store.DISPUTED, since=EVER, until=work.now)


def find_all(work: Work, order_ids: Sequence[str]) -> list[Order]:
    """Return the orders that exist among the ids, in their order."""
    return store.find_all(work, [name for name in order_ids if _owner(name) is not None])


def placed_by(work: Work, order_id: str, *, fingerprint: bytes) -> Order | None:
    """Return the order that a request placed before, None where it did not; raises `KeyReused`."""
    raw = store.find_raw(work, order_id)
    if raw is None:
        return None
    if not isinstance(told := replayed_or_reused(fingerprint)(raw), Replayed):
        raise told
    return store.order_from(raw)


def placed_from(image: RawItem) -> Order:
    """Return an order that was found placed."""
    return store.order_from(image)


def placed_since(work: Work, member_id: str, *, since: datetime, limit: int) -> int:
    """Return how many orders a member has placed since an instant, at most `limit`."""
    return store.placed_since(work, member_id, since=since, limit=limit)


def add(tx: Transaction, order: Order, *, address: Address | None) -> None:
    """Add a new order, and where it goes; the first piece of its transaction."""
    store.put_order(tx, order)
    if address is not None:
        store.put_address(tx, order.id, address=address)


def latest(tx: Transaction, order: Order) -> Order:
    """Return the order that a lost compare-and-swap showed, or the one that was read."""
    return store.latest(tx, order)


def put(tx: Transaction, before: Order, *, after: Order) -> None:
    """Add an order's next version."""
    store.replace_order(tx, before, after=after)


def release(
    tx: Transaction, case: Case, *, before: Order, step: Step, status: Status = Status.CANCELLED
) -> Order:
    """Add that everything which an order holds goes back, and return the order that ended so."""
    pair = (before, ended(before, status))
    going = leaving(tx, case, parcel=whole(before), step=step, pair=pair)
    leave(tx, case, going=going)
    return going.after


def leaving(
    tx: Transaction, case: Case, *, parcel: Parcel, step: Step, pair: tuple[Order, Order]
) -> Leaving:
    """Decide what it means that a parcel leaves an order, which is `pair` before and after."""
    before, after = pair
    posting = Posting(wallets.latest(tx, case.opened.wallet), case.opened.today)
    back = posting.give_back(parcel.points, source=account_of(before), by_house=step.by_house)
    change = posting.close(
        step.reason,
        at=tx.work.now,
        refers=step.refers(before),
        program_version=case.opened.program.version,
    )
    paid, expired = before.debt_paid + back.debt_paid, before.expired + back.expired
    after = replace(after, debt_paid=paid, expired=expired)
    return Leaving(parcel, before, after, change, step.restock)


def leave(tx: Transaction, case: Case, *, going: Leaving) -> None:
    """Add what was decided: the order's next version, the wallet's, units and limits."""
    before, parcel = going.before, going.parcel
    store.replace_order(tx, before, after=going.after)
    wallets.add(tx, going.change)
    if going.restock:
        put_back = supply.retire if before.is_fetched else supply.give_back
        put_back(tx, case.plan, taken=parcel.units, owner=before.id)
        limits.give_back(
            tx,
            before.member_id,
            reward_id=before.reward_id,
            periods=before.periods,
            quantity=parcel.quantity,
        )


def settle(tx: Transaction, case: Case, *, before: Order, reason: Reason) -> Order:
    """Add that an order settles whose points are held, and return it."""
    posting = Posting(wallets.latest(tx, case.opened.wallet), case.opened.today)
    posting.settle_hold(sum(lot.points for lot in before.taken))
    change = posting.close(
        reason,
        at=tx.work.now,
        refers={"order": before.id},
        program_version=case.opened.program.version,
    )
    after = settled(before, tx.work.now)
    store.replace_order(tx, before, after=after)
    wallets.add(tx, change)
    return after


def case_of(work: Work, opened: Opened, *, order: Order) -> Case:
    """Return an order with its opened wallet and its supply."""
    reward = rewards.reward_at(work, opened.head, reward_id=order.reward_id)
    return Case(opened, order, reward.stock)


def _owner(order_id: str) -> str | None:
    """Return whose an order is by its id; None for what cannot be one."""
    return member_within(order_id) if ORDER_PATTERN.fullmatch(order_id) else None


def _refuse_spent(request: Request, receipts: Mapping[Key, RawItem]) -> None:
    for image in receipts.values():
        raise replayed_or_reused(request.fingerprint)(image)
