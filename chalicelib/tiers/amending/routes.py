"""The program's settings over HTTP: changing them."""

from __future__ import annotations

from chalicelib.kernel.errors import Contended, Stale
from chalicelib.program.documents.model import Wanted
from chalicelib.program.documents.rules import ZoneFixed
from chalicelib.program.documents.views import PROGRAM_BYTES_MAX, PROGRAM_EXAMPLE, ProgramBody
from chalicelib.tiers.amending import service
from chalicelib.tiers.amending.rules import CampaignsAtOdds
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

routes = Routes(__name__)


@routes.put(
    "/admin/program",
    roles=("marketing",),
    match=True,
    tagged=True,
    body=ProgramBody,
    answer=ProgramBody,
    bytes_max=PROGRAM_BYTES_MAX,
    summary="Change the program's settings from the next request on",
    refusals=(Stale, ZoneFixed, CampaignsAtOdds, Contended),
    example=PROGRAM_EXAMPLE,
    answer_example=PROGRAM_EXAMPLE,
)
def change(call: Call[ProgramBody]) -> Answer:
    """Put the next version of the settings."""
    wanted = Wanted(
        call.body.program(call.if_match - 1),
        call.identity.subject,
        call.fingerprint,
        call.body.left_out(),
    )
    changed = service.change(call.work, wanted)
    return Answer(ProgramBody.of(changed), version=changed.version + 1)
