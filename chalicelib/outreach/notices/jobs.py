"""What was held back is sent when it may be."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.gateways.messages.port import Messages
from chalicelib.outreach.notices import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs, each

jobs = Jobs()


@jobs.every_sending("rate(5 minutes)", name="held-notices")
def send_held_notices(work: Work, messages: Messages) -> Mapping[str, int]:
    """Send every notice whose quiet hours are over, or whose carrier may be back."""
    return each(service.due(work), lambda name: service.deliver(work, messages, name=name))
