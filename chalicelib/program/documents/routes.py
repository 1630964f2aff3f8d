"""The program's settings over HTTP; `tiers.amending` changes them.

The ETag counts from 1: the defaults, before anybody wrote anything, are version 0 and tag "1".
"""

from __future__ import annotations

from chalicelib.program.documents import service
from chalicelib.program.documents.views import PROGRAM_EXAMPLE, ProgramBody
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

routes = Routes(__name__)


@routes.get(
    "/admin/program",
    roles=("marketing",),
    tagged=True,
    answer=ProgramBody,
    summary="The program's settings",
    answer_example=PROGRAM_EXAMPLE,
)
def show(call: Call[None]) -> Answer:
    """Show the settings that hold now."""
    program = service.present(call.work)
    return Answer(ProgramBody.of(program), version=program.version + 1)
