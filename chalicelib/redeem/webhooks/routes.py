"""Where Stripe tells what happened."""

from __future__ import annotations

from chalicelib.gateways.payments.webhooks import PAYLOAD_BYTES_MAX
from chalicelib.kernel.errors import Unavailable
from chalicelib.redeem.webhooks import service
from chalicelib.redeem.webhooks.rules import SignatureInvalid
from chalicelib.web.bodies import View
from chalicelib.web.calls import Call
from chalicelib.web.identity import PUBLIC
from chalicelib.web.routes import Routes

routes = Routes(__name__)


class HeardView(View):
    """That a webhook was heard; `is_ours` tells whether anything will follow from it."""

    is_ours: bool


@routes.post(
    "/webhooks/stripe",
    roles=PUBLIC,
    raw=True,
    bytes_max=PAYLOAD_BYTES_MAX,
    answer=HeardView,
    summary="Stripe tells what happened to a payment; only what it signed is heard",
    refusals=(SignatureInvalid, Unavailable),
    answer_example={"is_ours": True},
)
def hear(call: Call[None]) -> HeardView:
    """Hear a webhook, and keep it for whoever goes to look."""
    signature = call.raw.headers.get("stripe-signature", "")
    event = service.heard(call.raw.payload, signature, now=call.work.now)
    if event is None:
        return HeardView(is_ours=False)
    service.keep(call.work, call.queue, event=event)
    return HeardView(is_ours=True)
