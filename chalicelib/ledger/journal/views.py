"""Entries as they are told, wherever somebody reads them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from chalicelib.kernel.errors import Language, NotFound
from chalicelib.kernel.sentences import Sentence
from chalicelib.ledger.journal import service
from chalicelib.ledger.journal.model import Entry, Figures
from chalicelib.ledger.journal.rules import besides, figures, sentence
from chalicelib.web.bodies import PageQuery, View
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example

PAGE_EXAMPLE: Final[Example] = {
    "items": [
        {
            "version": 3,
            "at": "2026-12-01T08:00:00Z",
            "reason": "purchase",
            "text": "Points earned by a purchase.",
            "points": 100,
            "expired": 20,
            "held": 0,
            "debt": 0,
            "lines": [
                {"text": "Points earned by a purchase.", "points": 100},
                {"text": "20 points expired.", "points": -20},
            ],
            "balance_after": 100,
            "dates": [
                {"expires_on": "2026-11-30", "points": -20},
                {"expires_on": "2028-12-31", "points": 100},
            ],
            "order_id": None,
            "order_refund_id": None,
            "adjustment_id": None,
            "purchase": {"channel": "till", "purchase_id": "p-1", "refund_id": None},
            "legs": {"issued": -100, "available": 80, "expired": 20},
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


class LineView(View):
    """One sentence, and what it did to the balance."""

    text: str
    points: int


class PurchaseView(View):
    """The purchase behind an entry, and its refund where that is what happened."""

    channel: str
    purchase_id: str
    refund_id: str | None


class EntryView(View):
    """One change of a wallet.

    `points` are those that `text` is about. `expired` ended besides: whatever was past its last day
    when this happened. `held` and `debt` are what those of the wallet change by. The balance
    changes by `points + debt - expired`, which is what `lines` add up to, a sentence for each part.
    `legs` sum to 0. `order_refund_id` names the refund of the order, where that is what happened.
    """

    version: int
    at: datetime
    reason: str
    text: str
    points: int
    expired: int
    held: int
    debt: int
    lines: list[LineView]
    balance_after: int
    dates: list[DateView]
    order_id: str | None
    order_refund_id: str | None
    adjustment_id: str | None
    purchase: PurchaseView | None
    legs: dict[str, int]
    program_version: int
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, entry: Entry, language: Language, *, task: Sentence | None = None) -> EntryView:
        """Return an entry as an answer in one language; `task` is what was done for its points."""
        told, text = figures(entry), sentence(entry.reason, task).told(language)
        return cls(
            version=entry.version,
            at=entry.at,
            reason=entry.reason.code,
            text=text,
            points=told.points,
            expired=told.expired,
            held=told.held,
            debt=told.debt,
            lines=[LineView(text=text, points=told.points), *_besides(told, language)],
            balance_after=entry.available_after,
            dates=[
                DateView(expires_on=None if day == date.max else day, points=points)
                for day, points in sorted(entry.dates.items())
            ],
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
    tasks = service.tasks_in(call.work, page.items)

    def view(entry: Entry) -> EntryView:
        return EntryView.of(entry, call.language, task=tasks.get(entry.version))

    return paged(call, page, view=view)


def _besides(told: Figures, language: Language) -> list[LineView]:
    """Return a sentence for each other part of what the balance changed by."""
    return [
        LineView(text=what.sentence(abs(points), language), points=points)
        for what, points in besides(told).items()
    ]


def _purchase(entry: Entry) -> PurchaseView | None:
    told = entry.refers.get("purchase")
    if told is None:
        return None
    channel, _, purchase_id = told.partition("/")
    return PurchaseView(
        channel=channel, purchase_id=purchase_id, refund_id=entry.refers.get("refund")
    )
