"""What somebody decides about an order that was held for a look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.redeem.orders.model import Order


class Decision(StrEnum):
    """What may be decided."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and why; as the audit log keeps it."""

    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """An order after a decision, and whether an earlier request had made it."""

    order: Order
    replayed: bool
