"""The journal over HTTP, newest entry first: every change of a wallet, and why.

A member reads it beside the wallet, which knows whether they are still there.
"""

from __future__ import annotations

from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.journal.views import (
    PAGE_EXAMPLE,
    EntryView,
    page_for,
)
from chalicelib.web.bodies import PageQuery
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged
from chalicelib.web.routes import Routes

routes = Routes(__name__)


@routes.get(
    "/admin/members/{id}/journal",
    roles=("support", "finance"),
    query=PageQuery,
    answer=Paged[EntryView],
    summary="What happened to a member's points, and why",
    refusals=(NotFound,),
    answer_example=PAGE_EXAMPLE,
    path_example={"id": "mem_0Ab1Cd2Ef3G"},
)
def list_of_member(call: Call[None, PageQuery]) -> Paged[EntryView]:
    """List a member's entries for an operator."""
    return page_for(call, call.path["id"])
