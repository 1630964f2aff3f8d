"""Use of amending: changing the program's settings, unless campaigns that run speak against it.

Settings and campaigns move the same head. So whoever changes the one while somebody changes the
other is judged again by what was written first.
"""

from __future__ import annotations

from chalicelib.program.documents import service as documents
from chalicelib.program.documents.model import Program, Wanted
from chalicelib.storage.head import latest_head, read_head
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.amending.rules import refuse_at_odds
from chalicelib.tiers.campaigns import service as campaigns


def change(work: Work, wanted: Wanted) -> Program:
    """Put the next version of the settings and return it.

    Raises what `documents.put` does, and `CampaignsAtOdds`.
    """
    head = read_head(work)

    def attempt(tx: Transaction) -> Program:
        newest = latest_head(tx, head)
        before = documents.program_at(work, newest)
        after = documents.put(tx, newest, wanted=wanted)
        in_force = campaigns.set_at(work, newest)
        refuse_at_odds(in_force, before=before, after=after, now=work.now)
        return after

    try:
        return persist(work, attempt)
    except Replayed:
        return documents.program_version(work, wanted.program.version + 1)
