"""What was put aside, and having it read again, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from chalicelib.kernel.errors import Contended, NotFound
from chalicelib.outreach.relay import service
from chalicelib.outreach.relay.model import Parked, State
from chalicelib.web.bodies import PageQuery, View
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

PARKED_EXAMPLE: Final[Example] = {
    "id": "prk_0Ab1Cd2Ef3G4Hi5J",
    "parked_at": "2026-11-21T08:00:00Z",
    "what": "mem_0Ab1Cd2Ef3G / J#000000000012",
    "why": "NotFound service.py:112 find",
    "tries": 5,
    "state": "parked",
}


class ParkedView(View):
    """A change of the table that could not be told to somebody: what, why, how often tried."""

    id: str
    parked_at: datetime
    what: str
    why: str
    tries: int
    state: State

    @classmethod
    def of(cls, parked: Parked) -> ParkedView:
        """Return a parked record as an answer."""
        return cls(
            id=parked.id,
            parked_at=parked.parked_at,
            what=parked.what,
            why=parked.why,
            tries=parked.tries,
            state=parked.state,
        )


@routes.get(
    "/admin/parked",
    roles=("support",),
    query=PageQuery,
    answer=Paged[ParkedView],
    summary="What could not be handed on and waits, newest first",
    answer_example={"items": [PARKED_EXAMPLE], "next_cursor": None},
)
def list_parked(call: Call[None, PageQuery]) -> Paged[ParkedView]:
    """List what waits."""
    after = position_of(call)
    page = service.page(call.work, limit=call.query.limit, after=after)
    return paged(call, page, view=ParkedView.of)


@routes.post(
    "/admin/parked/{id}/replay",
    roles=("support",),
    answer=ParkedView,
    summary="Have it handed on again, in a moment; what was handed on by now stays so",
    refusals=(NotFound, Contended),
    answer_example={**PARKED_EXAMPLE, "state": "asked"},
    path_example={"id": "prk_0Ab1Cd2Ef3G4Hi5J"},
)
def replay(call: Call[None]) -> ParkedView:
    """Ask for a parked record again."""
    asked = service.ask(call.work, call.path["id"], by=call.identity.subject)
    return ParkedView.of(asked)
