"""What was held back is sent when it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from chalicelib.gateways.messages.port import Messages
from chalicelib.outreach.notices import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs
from chalicelib.web.sweeping import in_a_row, page_by_page

jobs = Jobs()


@jobs.every_sending("rate(5 minutes)", name="held-notices")
def send_held_notices(begin: Callable[[], Work], messages: Messages) -> Mapping[str, int]:
    """Send every notice whose quiet hours are over, or whose carrier may be back.

    Members are told beside each other, and one after the other what a member is told. Each notice
    is judged by an instant of its own: a run may last into quiet hours.
    """

    def deliver(name: str) -> Mapping[str, int]:
        return service.deliver(begin(), messages, name=name)

    def deliver_each(names: Iterable[str]) -> Mapping[str, int]:
        return in_a_row(names, act=deliver)

    return page_by_page("held-notices", service.due(begin()), act=deliver_each)
