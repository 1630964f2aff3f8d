"""How an order moves: what each step takes from it and gives back, and when it may be taken.

What comes back comes back as it was taken: points with their dates, units into the shards and
under the numbers that they came from, limits in the periods that counted them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Final

from chalicelib.gateways.payments.rules import step_of
from chalicelib.kernel.errors import Conflict
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Account
from chalicelib.ledger.wallets.model import Lot, Lots
from chalicelib.redeem.orders.model import DisputeState, Fulfilment, Order, Parcel, Status

HOLDING: Final = frozenset({Status.SETTLED, Status.PARTLY_REFUNDED})
"""States in which a member has what was ordered, or part of it."""


WAITING: Final = frozenset({Status.IN_REVIEW, Status.AWAITING_PAYMENT})
"""States in which points are held and nothing was given yet."""
PAY_WITHIN: Final = timedelta(minutes=15)
"""How long an order waits for money, from placing or approval (the rules of the program)."""


class OrderNotSettled(Conflict):
    """What was asked needs an order that is settled, and not all of it returned."""

    code = "order_not_settled"
    en = "This needs an order that is settled and not all returned."
    zh = "该操作仅适用于已完成且未全部退回的订单。"


class OrderDisputed(Conflict):
    """The bank of whoever paid questions the payment; `dispute` says how that stands."""

    code = "order_disputed"
    en = "The payment of this order is disputed, so nothing more can be done with it."
    zh = "该订单的付款存在争议，暂无法进行此操作。"


class AlreadySo(Exception):
    """Somebody else took the step, or its reply was lost."""

    def __init__(self, order: Order) -> None:
        """Keep the order as it is now."""
        super().__init__(order.id)
        self.order = order


def is_overdue(order: Order, now: datetime) -> bool:
    """Tell whether an order waits for something that had to happen before now."""
    return order.deadline is not None and order.deadline <= now


def refuse_not_settled(order: Order) -> None:
    """Raise `OrderNotSettled` unless the member has what was ordered, or part of it."""
    if order.status not in HOLDING:
        raise OrderNotSettled(order_status=order.status.value)


def refuse_disputed(order: Order) -> None:
    """Raise `OrderDisputed` while a payment is disputed, and after a dispute that was lost."""
    if order.dispute is not None and order.dispute.state is not DisputeState.WON:
        raise OrderDisputed(dispute=order.dispute.state.value)


def account_of(order: Order) -> Account:
    """Return the account that an order's points lie in: escrow until it settles."""
    return Account.ESCROW if order.status in WAITING else Account.REDEEMED


def whole(order: Order) -> Parcel:
    """Return everything that an order still holds."""
    return part(order, order.quantity_kept)


def part(order: Order, quantity: int) -> Parcel:
    """Return what comes back with so many units: their price, the latest dates first.

    Units that came back leave the order from the end, so the first ones are those that it keeps.
    """
    back = order.quantity_returned + quantity
    points = max(0, share(order.points, part=back, of=order.quantity) - order.returned)
    paid = order.cash if order.status in HOLDING else None
    cash = max(0, cash_share(paid, part=back, of=order.quantity) - order.cash_returned)
    places = sorted(chain.from_iterable(repeat(place, n) for place, n in order.units.items()))
    kept = order.quantity_kept
    going = places[kept - quantity : kept]
    return Parcel(quantity, latest(order.taken, points), Counter(going), cash)


def without(order: Order, parcel: Parcel, *, restock: bool) -> Order:
    """Return what is left of an order when a parcel has left it; its units only to be restocked."""
    units = Counter(order.units)
    if restock:
        units.subtract(parcel.units)
    kept = order.quantity_kept - parcel.quantity
    unsent = order.fulfilment is Fulfilment.PENDING and not kept
    gone = {lot.expires_on: lot.points for lot in parcel.points}
    left = (Lot(lot.expires_on, lot.points - gone.get(lot.expires_on, 0)) for lot in order.taken)
    return replace(
        order,
        version=order.version + 1,
        fulfilment=Fulfilment.NONE if unsent else order.fulfilment,
        taken=tuple(lot for lot in left if lot.points),
        units={place: number for place, number in units.items() if number},
        quantity_returned=order.quantity_returned + parcel.quantity,
        returned=order.returned + parcel.worth,
        cash_returned=order.cash_returned + parcel.cash,
    )


def numbers_of(order: Order) -> list[int]:
    """Return the numbers of the units that an order keeps: the first ones."""
    return sorted(order.units)[: order.quantity_kept]


def ended(order: Order, status: Status) -> Order:
    """Return an order that gave everything back."""
    left = without(order, whole(order), restock=True)
    wish = order.wish if status is Status.CANCELLED else None
    return replace(left, status=status, periods=(), deadline=None, wish=wish)


def settled(order: Order, at: datetime) -> Order:
    """Return an order whose look or payment went well."""
    version = order.version + 1
    after = replace(order, version=version, status=Status.SETTLED, settled_at=at, deadline=None)
    # Paid before its member could cancel it: cancelling it now is another step, of cash as well.
    return replace(after, wish=None)


def approved(order: Order, at: datetime) -> Order:
    """Return an order that was approved: it settles, or waits for its money from now on."""
    if order.cash is None:
        return settled(order, at)
    return replace(
        order,
        version=order.version + 1,
        status=Status.AWAITING_PAYMENT,
        deadline=at + PAY_WITHIN,
    )


def share(whole: int, *, part: int, of: int) -> int:
    """Return what a part of something is worth in whole units, rounded down."""
    return whole * part // of


def cash_share(paid: Money | None, *, part: int, of: int) -> int:
    """Return what a part of what was paid comes to, rounded down to what Stripe can give back.

    The whole is such an amount: nothing else can be charged.
    """
    if paid is None:
        return 0
    due = share(paid.amount, part=part, of=of)
    return due - due % step_of(paid.currency)


def latest(taken: Lots, points: int) -> Lots:
    """Return so many of the points, those that last longest: never to the member's loss."""
    found: list[Lot] = []
    for lot in reversed(taken):
        step = min(points, lot.points)
        if step:
            found.append(Lot(lot.expires_on, step))
        points -= step
    assert not points, "more comes back than was taken"
    return tuple(reversed(found))
