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
from chalicelib.catalog.stock.model import Left
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.supply import service as supply
from chalicelib.catalog.units.model import Hand
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import Refusal, Unauthenticated, Unavailable
from chalicelib.kernel.ids import child_id
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import InsufficientPoints, balance
from chalicelib.ledger.wallets.service import Opened
from chalicelib.redeem.checkout.model import Ask, Placed, Price, Quote
from chalicelib.redeem.checkout.rules import Facts, begun, judge, redeem
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Concern, Fulfilment, Order, Status
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.review.rules import ROLLING, concerns, counted_redemptions
from chalicelib.settings import settings
from chalicelib.storage.reads import fetch_raw
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
class Case:
    """An order under judgement: the wallet and program, the reward, and what was read of it."""

    opened: Opened
    reward: Reward
    counters: tuple[Counter, ...]
    hand: Hand
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
            left=None if left is None else supply.latest(tx, self.reward.stock, left=left),
        )


def quote(work: Work, member_id: str, *, ask: Ask) -> Quote:
    """Return what an order would cost now; raises what placing it would. Writes nothing."""
    case = _look_closer(work, _open(work, member_id, ask=ask, hand=Hand("")))
    price = judge(case.facts(Transaction(work, {})), ask)
    _refuse_unpayable(price)
    supply.refuse_sold_out(work, case.reward.stock, quantity=ask.quantity, left=case.left)
    available = balance(case.opened.wallet, case.opened.today)
    return Quote(price, available, available - price.points)


def place(work: Work, payments: Payments, *, request: Request, ask: Ask) -> Placed:
    """Redeem a reward for points, or reserve it until its cash part is paid.

    Raises the refusals of `rules.judge`, `KeyReused`, and `Unavailable`: where no account takes
    money, before anything is reserved, and where Stripe does not answer, when all is reserved and
    the same request goes on.
    """
    order, replayed = _placed(work, request, ask=ask)
    current = progress.advance(work, payments, order=order)
    return Placed(current, replayed)


def _placed(work: Work, request: Request, *, ask: Ask) -> tuple[Order, bool]:
    """Return the order of a request, and whether it was placed before."""
    try:
        return _place_once(work, request, ask=ask), False
    except Replayed as seen:
        return orders.placed_from(seen.image), True
    except Unauthenticated:
        # Nobody is told of orders of a member who was erased.
        raise
    except Refusal:
        earlier = orders.placed_by(work, request.order_id, fingerprint=request.fingerprint)
        if earlier is None:
            raise
        return earlier, True


def _place_once(work: Work, request: Request, *, ask: Ask) -> Order:
    hand = Hand(request.order_id)
    case = _open(work, request.member_id, ask=ask, hand=hand)
    if case.reward.stock.is_numbered and case.counters:
        # A number is drawn after every other refusal: an order past its limit draws none.
        case = _look_closer(work, case)
    try:
        return persist(work, partial(_attempt, request=request, ask=ask, case=case))
    except (InsufficientPoints, SoldOut):
        # A limit that is reached speaks before these do, and was not read yet.
        refuse_reached(limits.read(work, case.counters), ask.quantity)
        raise
    except Mistaken:
        return _place_knowing(work, request, ask=ask, hand=hand)


def _place_knowing(work: Work, request: Request, *, ask: Ask, hand: Hand) -> Order:
    """Place an order by what limits and all shards held a moment ago.

    Everything is read anew, the head too: units may have been added, and shards, since.
    """
    while True:
        read_at = work.elapsed()
        case = _look_closer(work, _open(work, request.member_id, ask=ask, hand=hand))
        attempt = partial(_attempt, request=request, ask=ask, case=case)
        try:
            return persist(work, attempt)
        except SoldOut:
            # After lost races that took long, what was read of the other shards is old.
            if work.elapsed() - read_at < SOLD_OUT_SECONDS:
                raise


def _attempt(tx: Transaction, *, request: Request, ask: Ask, case: Case) -> Order:
    facts = case.facts(tx)
    price = judge(facts, ask)
    _refuse_unpayable(price)
    version = case.opened.program.version
    why = _concerns(tx, request.member_id, case=case, price=price)
    status, deadline = begun(price, is_looked_at=bool(why), now=tx.work.now)
    redeemed = redeem(
        facts,
        price.points,
        held=status is not Status.SETTLED,
        order_id=request.order_id,
        program_version=version,
    )
    plan = case.reward.stock
    units = supply.choose(tx, plan, quantity=ask.quantity, left=facts.left, hand=case.hand)
    order = Order(
        id=request.order_id,
        member_id=request.member_id,
        reward_id=ask.reward_id,
        reward_version=case.reward.version,
        option=ask.option,
        quantity=ask.quantity,
        points=price.points,
        cash=price.cash,
        status=status,
        fulfilment=Fulfilment.PENDING if ask.address else Fulfilment.NONE,
        placed_at=tx.work.now,
        taken=redeemed.taken,
        program_version=version,
        fingerprint=request.fingerprint,
        mode=plan.mode,
        units=units,
        periods=limits.periods_of(case.counters),
        settled_at=tx.work.now if status is Status.SETTLED else None,
        deadline=deadline,
        concerns=why,
    )
    orders.add(tx, order, address=ask.address)
    wallets.add(tx, redeemed.change, waits=orders.found_by_time(order))
    limits.take(tx, case.counters, quantity=ask.quantity)
    supply.claim(tx, plan, taken=units, left=facts.left, hand=case.hand)
    return order


def _refuse_unpayable(price: Price) -> None:
    """Raise `Unavailable` for cash that no account takes: an order would wait for it in vain."""
    if price.cash is not None and settings().stripe is None:
        raise Unavailable


def _concerns(tx: Transaction, member_id: str, *, case: Case, price: Price) -> tuple[Concern, ...]:
    """Return why somebody has to look at the order.

    Orders of the last hour are counted after the wallet was read: one that comes between takes the
    wallet's next version, and this attempt is judged again.
    """
    program, recent = case.opened.program, 0
    if most := counted_redemptions(program):
        since = tx.work.now - ROLLING
        recent = orders.placed_since(tx.work, member_id, since=since, limit=most)
    return concerns(program, price.points, cash=price.cash, recent=recent)


def _open(work: Work, member_id: str, *, ask: Ask, hand: Hand) -> Case:
    opened = wallets.open_wallet(work, member_id)
    reward = rewards.reward_at(work, opened.head, reward_id=ask.reward_id)
    counters = limits.counters(member_id, reward, today=opened.today, zone=opened.program.zone)
    return Case(opened, reward, counters, hand)


def _look_closer(work: Work, case: Case) -> Case:
    """Return the case with limits and stock read, in one consistent batch."""
    plan = case.reward.stock
    wanted = [counter.key for counter in case.counters] + supply.keys(plan)
    found = fetch_raw(work, wanted)
    return replace(
        case,
        counters=limits.counted(case.counters, found),
        left=supply.left_from(work, plan, found=found),
    )
