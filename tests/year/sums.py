"""What everybody must have, by addition alone: the answers of a year, folded.

Nothing of the product is used here, and no date is known: a member has what came in, less what
went. What no answer of a request tells (points that ended, what a dispute took, what a friend's
purchase brought) is read from the journal, over HTTP too, and only when a balance asks for it.

A member never both has points and owes some, so one number says both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = Mapping[str, Any]
WAITING: Final = ("awaiting_payment", "in_review")
PAID: Final = ("settled", "partly_refunded", "refunded")
IN_THE_JOURNAL: Final = {
    "payment_disputed": "disputed",
    "dispute_won": "disputed",
    "referral": "referrals",
    "referral_refund": "referrals taken back",
}
"""Reasons of entries that follow from no request of anybody, and what they are counted under."""


@dataclass
class Sums:
    """Points by member, what made them by kind, and every order as it was last told."""

    net: Counter[str] = field(default_factory=Counter)
    flows: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Json] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    waiting: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    read: Counter[str] = field(default_factory=Counter)
    """How far each journal was read."""

    def came(self, member: str, points: int, kind: str) -> None:
        """Points came in, or went where they are less than 0."""
        self.net[member] += points
        self.flows[kind] += points

    def corrected(self, member: str, points: int) -> None:
        """Somebody corrected a balance."""
        self.came(member, points, "corrections up" if points > 0 else "corrections down")

    def order(self, member: str, told: Json) -> None:
        """An order is told: what it holds now and what came back of it, since it was told last."""
        name, before = told["id"], self.orders.get(told["id"])
        kept = told["points"] - told["returned"]["points"]
        known = before["points"] - before["returned"]["points"] if before else 0
        if before is None:
            self.came(member, -told["points"], "spent")
            self.came(member, told["returned"]["points"], "given back")
        else:
            self.came(member, known - kept, "given back")
        self.orders[name], self.owners[name] = told, member
        self.waiting[member].pop(name, None)
        if told["status"] in WAITING:
            self.waiting[member][name] = told["points"]

    def journal(self, member: str, entries: Iterable[Json]) -> None:
        """Read on in a journal, oldest entry first, for what no answer told."""
        for entry in entries:
            if entry["version"] <= self.read[member]:
                continue
            self.read[member] = entry["version"]
            legs = entry["legs"]
            self.came(member, -legs.get("expired", 0), "expired")
            kind = IN_THE_JOURNAL.get(entry["reason"])
            if kind:
                self.came(member, -legs.get("issued", 0) - legs.get("clawed_back", 0), kind)

    def wrong(self, wallets: Mapping[str, tuple[int, int, int]]) -> Iterator[str]:
        """Yield whose points, held points and debt are otherwise than the sums say."""
        for member in sorted(self.net.keys() | wallets.keys()):
            wanted, told = self.wanted(member), wallets.get(member)
            if told != wanted:
                yield f"{member} has {told} (points, held, debt), and {wanted} came of the answers"

    def wanted(self, member: str) -> tuple[int, int, int]:
        """Return the points, held points and debt that a member must have."""
        net = self.net[member]
        return max(net, 0), sum(self.waiting[member].values()), max(-net, 0)

    def kept_cash(self) -> int:
        """Return the money that orders say is ours: paid, and not gone back or lost to a bank."""
        return sum(_kept_cash(order) for order in self.orders.values())


def _kept_cash(order: Json) -> int:
    if not order["cash"] or order["status"] not in PAID or order["dispute"] == "lost":
        return 0
    paid: int = order["cash"]["amount"]
    back: int = order["returned"]["cash"]["amount"]
    return paid - back
