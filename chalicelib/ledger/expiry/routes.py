"""When a member's points end, and when they are told so."""

from __future__ import annotations

from datetime import date
from typing import Final

from chalicelib.kernel.errors import NotEnrolled
from chalicelib.kernel.ids import member_id_of
from chalicelib.kernel.pages import Page
from chalicelib.ledger.expiry import service
from chalicelib.ledger.expiry.model import Timed
from chalicelib.settings import settings
from chalicelib.web.bodies import PageQuery, View
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

PAGE_EXAMPLE: Final[Example] = {
    "items": [
        {
            "on": "2026-12-31",
            "points": 300,
            "remind_on": ["2026-12-16", "2026-12-28"],
        }
    ],
    "next_cursor": None,
}


class ExpiryView(View):
    """Points of one last day, and the days left on which their member is reminded of it."""

    on: date
    points: int
    remind_on: list[date]

    @classmethod
    def of(cls, timed: Timed) -> ExpiryView:
        """Return one day of the line."""
        return cls(on=timed.on, points=timed.points, remind_on=list(timed.remind_on))


@routes.get(
    "/me/expiries",
    roles=("member",),
    query=PageQuery,
    answer=Paged[ExpiryView],
    summary="When my points end, soonest first; those that never end are left out",
    refusals=(NotEnrolled,),
    answer_example=PAGE_EXAMPLE,
)
def list_mine(call: Call[None, PageQuery]) -> Paged[ExpiryView]:
    """Answer one page of the caller's dates; `on` is the last day of use."""
    member_id = member_id_of(settings().secret, call.identity.subject)
    after = position_of(call) or ""
    left = [day for day in service.dates(call.work, member_id) if day.on.isoformat() > after]
    shown = left[: call.query.limit]
    more = shown[-1].on.isoformat() if len(left) > len(shown) else None
    return paged(call, Page(shown, more), view=ExpiryView.of)
