"""What members do for points besides buying, in tests."""

from __future__ import annotations

from chalicelib.ledger.journal import service as journal
from chalicelib.storage.work import Work
from chalicelib.tiers.referrals import service as referrals
from tests.mall import Mall, id_of, made


def refer(mall: Mall, new: str, by: str, **more: str) -> None:
    """Let somebody join because a member referred them."""
    told = {"subject": new, "referred_by": id_of(by), **more}
    made(mall.till.post("/members", told), 201)


def hear(work: Work, subject: str) -> None:
    """Let whoever referred a member hear of all that happened to that one, oldest first."""
    entries = journal.page(work, id_of(subject), limit=100, after=None).items
    for entry in reversed(entries):
        referrals.hear(work, heard=entry)
