"""Taking anew what an order had, in one transaction, because its money came after all.

Points are taken soonest first, units from wherever some are free, limits in the periods in which
the order was placed; each is judged like new spending. Whoever gave the money back, or is about to,
rules this out, and this rules that out: each transaction checks that the other was not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.catalog.limits import service as limits
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward
from chalicelib.catalog.stock.model import Left
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.supply import service as supply
from chalicelib.catalog.units.model import Hand
from chalicelib.gateways.payments.model import Intent
from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import LimitReached, NotFound
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import DebtOpen, InsufficientPoints, MemberFrozen
from chalicelib.ledger.wallets.service import Opened
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status
from chalicelib.redeem.orders.rules import AlreadySo
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.rules import stray_id_of
from chalicelib.redeem.revival.rules import Facts, refuse, retaken, revived, to_be_sent
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Aside, Transaction, persist
from chalicelib.storage.work import Work

STANDS_AGAINST: Final = (MemberFrozen, DebtOpen, LimitReached, InsufficientPoints, SoldOut)
"""What may stand against bringing an order back, as against any new spending."""


@dataclass(frozen=True, slots=True)
class Case:
    """A dead order under judgement: its member's wallet, what it would take, and what is left."""

    opened: Opened
    reward: Reward
    counters: tuple[Counter, ...]
    left: Left | None
    hand: Hand
    is_addressed: bool

    def facts(self, tx: Transaction) -> Facts:
        """Return what the rules judge by, as fresh as lost races have shown it."""
        return Facts(
            tx.work.now,
            self.opened.today,
            wallets.latest(tx, self.opened.wallet),
            limits.latest(tx, self.counters),
            self.reward.version,
            self.opened.program.version,
        )


def revive(work: Work, order: Order, *, intent: Intent, aside: Aside | None) -> Order:
    """Bring an order back for which its payment came late.

    Raises one of `STANDS_AGAINST`, `AlreadyOwed` where the money goes back, `AlreadySo` where
    somebody else moved the order.
    """
    case = _open(work, order)
    plan = case.reward.stock

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.status is not Status.EXPIRED:
            raise AlreadySo(before)
        facts = case.facts(tx)
        refuse(before, facts)
        left = supply.latest(tx, plan, left=case.left)
        units = supply.choose(tx, plan, quantity=before.quantity, left=left, hand=case.hand)
        again = retaken(before, facts, units=units)
        settled = revived(before, facts, again=again, intent=intent)
        after = to_be_sent(settled) if case.is_addressed else settled
        orders.put(tx, before, after=after)
        wallets.add(tx, again.change)
        limits.take(tx, case.counters, quantity=before.quantity)
        supply.claim(tx, plan, taken=units, left=left, hand=case.hand)
        refunds.require_unowed(tx, stray_id_of(intent.id))
        if aside is not None:
            aside(tx)
        return after

    return persist(work, attempt)


def _open(work: Work, order: Order) -> Case:
    opened = wallets.open_wallet(work, order.member_id, absent=NotFound)
    reward = rewards.reward_at(work, opened.head, reward_id=order.reward_id)
    zone = opened.program.zone
    counters = limits.counters(
        order.member_id, reward, today=day_of(order.placed_at, zone), zone=zone
    )
    wanted: list[Key] = [counter.key for counter in counters] + supply.keys(reward.stock)
    found: Mapping[Key, RawItem] = fetch_raw(work, wanted)
    return Case(
        opened,
        reward,
        limits.counted(counters, found),
        supply.left_from(work, reward.stock, found=found),
        Hand(order.id),
        orders.shown(work, to_be_sent(order)).address is not None,
    )
