"""Placing an order: read, decide, write once.

The first try reads one batch (wallet and program head) and writes one transaction: order, wallet,
journal entry, limits, stock. When a condition shows that a limit or a shard was taken for granted
wrongly, both are read and everything is judged again. The order is its own receipt: before any
refusal leaves, it is looked up, because the same request may have succeeded before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from chalicelib.catalog.limits import service as limits
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.limits.rules import refuse as refuse_reached
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward, Taker
from chalicelib.catalog.stock import service as stock
from chalicelib.catalog.stock.model import Left
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.kernel.errors import NotFound, Refusal
from chalicelib.kernel.ids import ORDER_PATTERN, child_id, member_within
from chalicelib.kernel.pages import Page
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import InsufficientPoints, balance
from chalicelib.ledger.wallets.service import Opened
from chalicelib.redeem.checkout import store
from chalicelib.redeem.checkout.model import (
    Address,
    Ask,
    Fulfilment,
    Order,
    Placed,
    Quote,
    Status,
)
from chalicelib.redeem.checkout.rules import Facts, judge, redeem
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.work import Work

SOLD_OUT_SECONDS: Final = 1.0
"""How old a look at the shards may be on which somebody is told "sold out" (the rules allow 2)."""


@dataclass(frozen=True, slots=True)
class Request:
    """The request behind an order: who sent it, its route and key, and its fingerprint."""

    member_id: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def order_id(self) -> str:
        """Return the id of the order that this request places."""
        return child_id("ord", self.member_id, route=self.route, key=self.key)


@dataclass(frozen=True, slots=True)
class Shown:
    """An order and where it goes."""

    order: Order
    address: Address | None


@dataclass(frozen=True, slots=True)
class Case:
    """An order under judgement: the wallet and program, the reward, and what was read of it."""

    opened: Opened
    reward: Reward
    counters: tuple[Counter, ...]
    left: Left | None = None

    def facts(self, tx: Transaction) -> Facts:
        """Return what the rules judge by, as fresh as lost races have shown it."""
        left = self.left
        return Facts(
            now=tx.work.now,
            today=self.opened.today,
            wallet=wallets.latest(tx, self.opened.wallet),
            reward=self.reward,
            taker=Taker(),
            counters=limits.latest(tx, self.counters),
            left=None if left is None else stock.latest(tx, self.reward.stock, left=left),
        )


def quote(work: Work, member_id: str, *, ask: Ask) -> Quote:
    """Return what an order would cost now; raises what placing it would. Writes nothing."""
    case = _look_closer(work, _open(work, member_id, ask=ask))
    points = judge(case.facts(Transaction(work, {})), ask)
    available = balance(case.opened.wallet, case.opened.today)
    return Quote(points, available, available - points)


def place(work: Work, request: Request, *, ask: Ask) -> Placed:
    """Redeem a reward for points. Raises the refusals of `rules.judge`, and `KeyReused`."""
    try:
        return Placed(_place_once(work, request, ask=ask), replayed=False)
    except Replayed as seen:
        return Placed(store.order_from(seen.image), replayed=True)
    except Refusal:
        earlier = store.find_raw(work, request.order_id)
        if earlier is None:
            raise
        told = replayed_or_reused(request.fingerprint)(earlier)
        if not isinstance(told, Replayed):
            raise told from None
        return Placed(store.order_from(earlier), replayed=True)


def page(work: Work, member_id: str, *, limit: int, after: str | None) -> Page[Order]:
    """Return a member's orders, newest first; `NotEnrolled` for somebody who is no member."""
    found = store.page_of(work, member_id, limit=limit, after=after)
    if not found.items:
        wallets.open_wallet(work, member_id)
    return found


def show(work: Work, member_id: str, *, order_id: str) -> Shown:
    """Return one order of a member and where it goes; `NotFound` for anybody else's."""
    order = None
    if ORDER_PATTERN.fullmatch(order_id) and member_within(order_id) == member_id:
        order = store.find(work, order_id)
    if order is None:
        wallets.open_wallet(work, member_id)
        raise NotFound
    return Shown(order, store.address_of(work, order))


def _place_once(work: Work, request: Request, *, ask: Ask) -> Order:
    case = _open(work, request.member_id, ask=ask)
    try:
        return persist(work, partial(_attempt, request=request, ask=ask, case=case))
    except InsufficientPoints:
        # A limit that is reached speaks before missing points do, and was not read yet.
        refuse_reached(limits.read(work, case.counters), ask.quantity)
        raise
    except Mistaken:
        return _place_knowing(work, request, ask=ask)


def _place_knowing(work: Work, request: Request, *, ask: Ask) -> Order:
    """Place an order by what limits and all shards held a moment ago.

    Everything is read anew, the head too: units may have been added, and shards, since.
    """
    while True:
        read_at = work.elapsed()
        case = _look_closer(work, _open(work, request.member_id, ask=ask))
        attempt = partial(_attempt, request=request, ask=ask, case=case)
        try:
            return persist(work, attempt)
        except SoldOut:
            # After lost races that took long, what was read of the other shards is old.
            if work.elapsed() - read_at < SOLD_OUT_SECONDS:
                raise


def _attempt(tx: Transaction, *, request: Request, ask: Ask, case: Case) -> Order:
    facts = case.facts(tx)
    points = judge(facts, ask)
    version = case.opened.program.version
    redeemed = redeem(facts, points, order_id=request.order_id, program_version=version)
    order = Order(
        id=request.order_id,
        member_id=request.member_id,
        reward_id=ask.reward_id,
        reward_version=case.reward.version,
        option=ask.option,
        quantity=ask.quantity,
        points=points,
        status=Status.SETTLED,
        fulfilment=Fulfilment.PENDING if ask.address else Fulfilment.NONE,
        placed_at=tx.work.now,
        taken=redeemed.taken,
        program_version=version,
        fingerprint=request.fingerprint,
    )
    store.put_order(tx, order)
    if ask.address:
        store.put_address(tx, order.id, address=ask.address)
    wallets.add(tx, redeemed.change)
    limits.take(tx, case.counters, quantity=ask.quantity)
    stock.take(tx, case.reward.stock, quantity=ask.quantity, left=case.left)
    return order


def _open(work: Work, member_id: str, *, ask: Ask) -> Case:
    opened = wallets.open_wallet(work, member_id)
    reward = rewards.reward_at(work, opened.head, reward_id=ask.reward_id)
    counters = limits.counters(member_id, reward, today=opened.today, zone=opened.program.zone)
    return Case(opened, reward, counters)


def _look_closer(work: Work, case: Case) -> Case:
    """Return the case with limits and stock read, in one consistent batch."""
    plan = case.reward.stock
    wanted = [counter.key for counter in case.counters] + stock.keys(plan)
    found = fetch_raw(work, wanted)
    return replace(
        case,
        counters=limits.counted(case.counters, found),
        left=stock.left_from(work, plan, found=found),
    )
