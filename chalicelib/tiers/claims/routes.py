"""Members claim what they bought before they were known."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from chalicelib.kernel.errors import Contended, NotEnrolled, NotFound, TooMany
from chalicelib.ledger.members import service as members
from chalicelib.storage.receipts import Request
from chalicelib.tiers.claims import service
from chalicelib.tiers.claims.rules import AlreadyClaimed, ClaimExpired, typed
from chalicelib.tiers.earning.views import EXPLAINED_EXAMPLE, ExplanationView, explained
from chalicelib.web.bodies import Body, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

CODE_CHARS_MAX: Final = 64
"""A code with a space after each character is half as long; anything longer is no code of ours."""

TypedCode = Annotated[
    str,
    Field(min_length=1, max_length=CODE_CHARS_MAX, examples=["7KQ4-9XVR-0B3M-TZ8C"]),
    AfterValidator(typed),
]
"""A code as it was meant, so that the same one typed otherwise is the same request."""

routes = Routes(__name__)


class ClaimDraft(Body):
    """The code on the receipt; case, spaces and hyphens do not matter."""

    claim_code: TypedCode


class ClaimView(View):
    """What a claim brought, why, how much of it paid a debt, and the last day of using the rest.

    Where it brought nothing there is no such day.
    """

    points: int
    explanation: list[ExplanationView]
    debt_paid: int
    expires_on: date | None


@routes.post(
    "/me/claims",
    roles=("member",),
    key=True,
    body=ClaimDraft,
    answer=ClaimView,
    status=201,
    summary="Claim the points of a purchase by the code on its receipt",
    refusals=(NotEnrolled, TooMany, NotFound, AlreadyClaimed, ClaimExpired, Contended),
    example={"claim_code": "7KQ4-9XVR-0B3M-TZ8C"},
    answer_example={**EXPLAINED_EXAMPLE, "debt_paid": 0, "expires_on": "2028-11-30"},
)
def claim(call: Call[ClaimDraft]) -> Answer:
    """Bring the points of a purchase to the caller."""
    member_id = members.member_of(call.identity.subject)
    request = Request(member_id, call.route, call.key, call.fingerprint)
    claimed = service.claim(call.work, request, code=call.body.claim_code)
    view = ClaimView(
        points=claimed.points,
        explanation=explained(claimed.lines, call.language),
        debt_paid=claimed.debt_paid,
        expires_on=claimed.expires_on,
    )
    return Answer(view, replayed=claimed.replayed)
