"""What both sides tell of one order."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.gateways.payments.model import Dispute, Intent, Refund
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.refunds.model import OrderRefund


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides tell of one order: ours are the order and the refunds that we owe.

    `is_whole`: the order's own payment was looked for, so there is none where none stands.
    """

    order_id: str
    order: Order | None
    owed: tuple[OrderRefund, ...] = ()
    intents: tuple[Intent, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """Which order an id is about, and which payments and refunds of it are to be looked at too."""

    order_id: str
    intent_ids: tuple[str, ...] = ()
    refund_ids: tuple[str, ...] = ()
