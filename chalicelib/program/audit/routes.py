"""The audit log over HTTP: one day of UTC at a time, newest change first."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Final

from pydantic import JsonValue

from chalicelib.program.audit import service
from chalicelib.program.audit.model import AuditRow
from chalicelib.web.bodies import Day, PageQuery, View
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

PAGE_EXAMPLE: Final[Example] = {
    "items": [
        {
            "id": "2026-11-21T08:00:00.000000Z#0Ab1Cd2E",
            "at": "2026-11-21T08:00:00Z",
            "by": "7c9e6679",
            "what": "member.freeze",
            "subject": "mem_0Ab1Cd2Ef3G",
            "before": {"frozen": False, "reason": None},
            "after": {"frozen": True, "reason": "The card was reported stolen."},
            "fields": [],
        }
    ],
    "next_cursor": None,
}


class DayQuery(PageQuery):
    """Which day of UTC, today where it is not said, and which part of its list."""

    day: Day | None = None


class AuditView(View):
    """A change that a person made; `fields` names the personal fields that were changed."""

    id: str
    at: datetime
    by: str
    what: str
    subject: str
    before: JsonValue
    after: JsonValue
    fields: list[str]

    @classmethod
    def of(cls, row: AuditRow) -> AuditView:
        """Return a row as an answer."""
        return cls(
            id=row.id,
            at=row.at,
            by=row.by,
            what=row.what,
            subject=row.subject,
            before=json.loads(row.before),
            after=json.loads(row.after),
            fields=list(row.fields),
        )


@routes.get(
    "/admin/audit",
    roles=("support", "finance"),
    query=DayQuery,
    answer=Paged[AuditView],
    summary="Who changed what on a day, before and after",
    answer_example=PAGE_EXAMPLE,
)
def list_day(call: Call[None, DayQuery]) -> Paged[AuditView]:
    """List a day's changes."""
    before = position_of(call)
    day = call.query.day or _day_of(before, call.work.now)
    page = service.page(call.work, day, limit=call.query.limit, before=before)
    return paged(call, page, view=AuditView.of)


def _day_of(before: str | None, now: datetime) -> date:
    """Return the day that a list without one is about: the day that it began on."""
    return now.astimezone(UTC).date() if before is None else date.fromisoformat(before[:10])
