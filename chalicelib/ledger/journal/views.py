"""Entries as they are told, wherever somebody reads them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from chalicelib.kernel.errors import Language, NotFound
from chalicelib.ledger.journal import service
from chalicelib.ledger.journal.model import Account, Entry
from chalicelib.web.bodies import PageQuery, View
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example

PAGE_EXAMPLE: Final[Example] = {
    "items": [
        {
            "version": 2,
            "at": "2026-11-21T08:00:00Z",
            "reason": "purchase",
            "text": "Points earned by a purchase.",
            "points": 100,
            "balance_after": 100,
            "dates": [{"expires_on": "2028-11-30", "points": 100}],
            "debt": 0,
            "order_id": None,
            "order_refund_id": None,
            "adjustment_id": None,
            "purchase": {"channel": "till", "purchase_id": "p-1", "refund_id": None},
            "legs": {"issued": -100, "available": 100},
            "program_version": 1,
            "previous_hash": "1f" * 32,
            "hash": "2e" * 32,
        }
    ],
    "next_cursor": None,
}


class DateView(View):
    """What points of one date gave or got; null for points that never expire."""

    expires_on: date | None
    points: int


class PurchaseView(View):
    """The purchase behind an entry, and its refund where that is what happened."""

    channel: str
    purchase_id: str
    refund_id: str | None


class EntryView(View):
    """One change of a wallet.

    `points` is the change of the available balance, `debt` that of what is owed. `legs` sum to 0.
    `order_refund_id` names the refund of the order, where that is what happened.
    """

    version: int
    at: datetime
    reason: str
    text: str
    points: int
    balance_after: int
    dates: list[DateView]
    debt: int
    order_id: str | None
    order_refund_id: str | None
    adjustment_id: str | None
    purchase: PurchaseView | None
    legs: dict[str, int]
    program_version: int
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, entry: Entry, language: Language) -> EntryView:
        """Return an entry as an answer in one language."""
        return cls(
            version=entry.version,
            at=entry.at,
            reason=entry.reason.code,
            text=entry.reason.sentence(language),
            points=entry.legs.get(Account.AVAILABLE, 0),
            balance_after=entry.available_after,
            dates=[
                DateView(expires_on=None if day == date.max else day, points=points)
                for day, points in sorted(entry.dates.items())
            ],
            debt=-entry.legs.get(Account.DEBT, 0),
            order_id=entry.refers.get("order"),
            order_refund_id=entry.refers.get("order_refund"),
            adjustment_id=entry.refers.get("adjustment"),
            purchase=_purchase(entry),
            legs={account.name.lower(): points for account, points in entry.legs.items()},
            program_version=entry.program_version,
            previous_hash=entry.previous.hex(),
            hash=entry.hash.hex(),
        )


def page_for(call: Call[None, PageQuery], member_id: str) -> Paged[EntryView]:
    """Return a page of a member's entries in the caller's language; raises `NotFound`."""
    page = service.page(
        call.work, member_id, limit=call.query.limit, after=position_of(call), absent=NotFound
    )
    return paged(call, page, view=lambda entry: EntryView.of(entry, call.language))


def _purchase(entry: Entry) -> PurchaseView | None:
    told = entry.refers.get("purchase")
    if told is None:
        return None
    channel, _, purchase_id = told.partition("/")
    return PurchaseView(
        channel=channel, purchase_id=purchase_id, refund_id=entry.refers.get("refund")
    )
