"""Use of quotes: the same rules as for a purchase, asked without writing anything.

A quote agrees with the purchase to the point as long as nothing changes in between: a budget may
be used up meanwhile, or a member reach a cap. One read tells what the purchase is judged by, and
every alternative that may be worth a hint. Where a campaign is for the month of a birthday, another
tells which one before.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.wallets import service as wallets
from chalicelib.program.documents.model import Program
from chalicelib.program.documents.rules import channel_of, expiry_of
from chalicelib.storage.head import Head
from chalicelib.storage.work import Work
from chalicelib.tiers.earning import service as earning
from chalicelib.tiers.earning.model import Sale
from chalicelib.tiers.earning.rules import refuse_other_channel
from chalicelib.tiers.judging import service as judging
from chalicelib.tiers.judging.rules import explain, worth
from chalicelib.tiers.quotes.model import Quote
from chalicelib.tiers.quotes.rules import alternatives, hint


def quote_to_member(work: Work, asked: Sale, *, member_id: str) -> Quote:
    """Return what a purchase would earn its asker, a member; another member is nobody to them."""
    opened = wallets.open_wallet(work, member_id)
    if asked.member_id not in (None, member_id):
        raise NotFound
    own = replace(asked, member_id=member_id)
    return _quote(work, own, head=opened.head, program=opened.program, own=True)


def quote_to_channel(work: Work, asked: Sale, *, client: str) -> Quote:
    """Return what a purchase at a channel would earn, for a member or for anybody.

    Raises `Forbidden` for a channel that is not the client's.
    """
    head, program, opened = earning.open_sale(work, asked.member_id)
    own = channel_of(program, client)
    refuse_other_channel(program, client, channel=asked.channel or own)
    if asked.member_id is not None and opened is None:
        raise NotFound
    return _quote(work, replace(asked, channel=own), head=head, program=program)


def _quote(work: Work, asked: Sale, *, head: Head, program: Program, own: bool = False) -> Quote:
    case = earning.case_of(work, asked, head=head, program=program)
    present = judging.case_of(work, case.basket, head=head, told=None)
    today = day_of(work.now, case.zone)
    birthday = judging.birthday_of(work, [case, present])
    instead = list(alternatives(case, present, today=today, birthday=birthday, own=own))
    judged, *others = judging.judged(work, [case, *(other.case for other in instead)])
    points = worth(judged.judgement, left=asked.paid.amount)
    hints = (hint(o, told, points=points) for o, told in zip(instead, others, strict=True))
    return Quote(
        points=points,
        lines=explain(judged.judgement, booked_on=None if asked.member_id is None else today),
        not_applied=judged.not_applied,
        hints=tuple(told for told in hints if told is not None),
        expires_on=expiry_of(today, case.program, program),
    )
