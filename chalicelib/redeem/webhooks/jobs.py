"""What Stripe told is worked off, by a function of its own."""

from __future__ import annotations

from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from chalicelib.redeem.webhooks import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs

jobs = Jobs()


@jobs.queue(STRIPE_EVENTS)
def follow_stripe_events(work: Work, payments: Payments, *, body: str) -> None:
    """Do what follows from one event; what cannot be done now comes back."""
    service.work_off(work, payments, event_id=body)
