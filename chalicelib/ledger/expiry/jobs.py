"""Wallets are looked after when a day of theirs has come."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.gateways.payments.port import Payments
from chalicelib.ledger.expiry import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs
from chalicelib.web.sweeping import page_by_page

jobs = Jobs()


@jobs.every("rate(15 minutes)", name="expiry")
def look_after_wallets(work: Work, _: Payments) -> Mapping[str, int]:
    """Book what has expired and remind members, a quarter of an hour after any zone's midnight."""
    looking_after = service.looking_after(work)

    def look_after(member_id: str) -> Mapping[str, int]:
        looked = looking_after(member_id)
        return {
            "wallets_swept": int(looked.expired > 0),
            "points_expired": looked.expired,
            "reminded": int(looked.is_reminded),
        }

    return page_by_page("expiry", service.due(work), act=look_after)
