"""Being told everything, and being forgotten, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from chalicelib.kernel.errors import Contended, NotEnrolled, Unavailable
from chalicelib.kernel.pages import PAGE_MAX
from chalicelib.ledger.journal.views import PAGE_EXAMPLE
from chalicelib.ledger.members import service as members
from chalicelib.ledger.members.views import MEMBER_EXAMPLE
from chalicelib.ledger.wallets.views import WALLET_EXAMPLE
from chalicelib.outreach.notices.views import WISHES_EXAMPLE
from chalicelib.outreach.privacy import service
from chalicelib.outreach.privacy.rules import OrdersOpen
from chalicelib.outreach.privacy.views import ExportView
from chalicelib.web.bodies import Body, Integer, PageQuery, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import cursor_after, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

EXPORT_EXAMPLE: Final[Example] = {
    "about": {
        "profile": MEMBER_EXAMPLE,
        "wallet": WALLET_EXAMPLE,
        "preferences": WISHES_EXAMPLE,
        "notices": [],
        "limits": [{"reward_id": "rwd_0Ab1Cd2Ef3G", "period": "2026-11", "units": 1}],
        "campaigns": [{"campaign_id": "cmp_0Ab1Cd2Ef3G", "period": "ever", "points": 200}],
        "activities": {
            "streak": {"last_on": "2026-11-21", "days": 3, "longest": 7},
            "counted": [{"what": "task/review", "period": "2026-11-21", "times": 1}],
            "referrals": [],
        },
        "left_out": [{"what": "Voucher codes", "why": "Their orders show them."}],
    },
    "journal": PAGE_EXAMPLE["items"],
    "orders": [],
    "order_refunds": [],
    "purchases": [
        {
            "channel": "till",
            "purchase_id": "p-1",
            "paid": {"amount": 10000, "currency": "cny"},
            "refunded": 0,
            "occurred_at": "2026-11-21T08:00:00Z",
            "points": 100,
            "debt_paid": 0,
            "expires_on": "2028-11-30",
            "claimed": False,
        }
    ],
    "purchase_refunds": [],
    "adjustments": [],
    "next_cursor": None,
}


class ExportQuery(PageQuery):
    """Which part of an export, by entries of the journal."""

    limit: Integer = Field(default=PAGE_MAX, ge=1, le=PAGE_MAX)


class FarewellDraft(Body):
    """That the caller means it; whoever says otherwise is refused."""

    confirm: Literal[True] = True


class ErasedView(View):
    """Who was erased, and how many points ended with it."""

    id: str
    erased_at: datetime
    points_expired: int


@routes.get(
    "/me/export",
    roles=("member",),
    query=ExportQuery,
    answer=ExportView,
    summary="Everything that is known about me",
    refusals=(NotEnrolled,),
    answer_example=EXPORT_EXAMPLE,
)
def export(call: Call[None, ExportQuery]) -> ExportView:
    """Tell the caller everything, a page at a time."""
    page = service.export(
        call.work,
        members.member_of(call.identity.subject),
        limit=call.query.limit,
        after=position_of(call),
    )
    return ExportView.of(page, call.language, cursor=cursor_after(call, page.next_position))


@routes.delete(
    "/me",
    roles=("member",),
    body=FarewellDraft,
    answer=ErasedView,
    summary="Erase me for good: what is personal goes, my points end, the books stay",
    refusals=(NotEnrolled, OrdersOpen, Contended, Unavailable),
    example={"confirm": True},
    answer_example={
        "id": "mem_0Ab1Cd2Ef3G",
        "erased_at": "2026-11-21T08:00:00Z",
        "points_expired": 1200,
    },
)
def erase(call: Call[FarewellDraft]) -> Answer:
    """Erase the caller."""
    member_id = members.member_of(call.identity.subject)
    erased = service.erase(call.work, call.payments, member_id=member_id)
    view = ErasedView(id=erased.member_id, erased_at=erased.at, points_expired=erased.points)
    return Answer(view, about={"member_id": member_id})
