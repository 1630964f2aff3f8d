"""Making a correction, alone or by two people: read, decide, write once.

One transaction writes the receipt, the wallet, its entry, and the row of the audit log, where the
reason stands: the journal holds none, because people write names into reasons. Points that are
given pay debt first. Points that are taken back have no date of their own: the soonest go first,
and what is missing becomes debt.

Somebody proposes, over the desk or from the console. A small correction is made by that very
transaction, and counted as moved alone; any other only stands there until a second person approves
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.kernel.approval import Stage
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.pages import Page
from chalicelib.ledger.adjustments import store
from chalicelib.ledger.adjustments.model import (
    Adjustment,
    Balance,
    Decision,
    Proposal,
    Request,
    Told,
)
from chalicelib.ledger.adjustments.rules import (
    MemberErased,
    decide,
    is_small,
    proposed,
    refuse_invalid,
)
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.members import service as members
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import Posting, balance
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents.rules import expiry_of
from chalicelib.storage.receipts import put_receipt, receipt_sort, unless_carried_out
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.work import Work


def propose(work: Work, asked: Adjustment, *, route: str, fingerprint: bytes) -> Told:
    """Make a small correction, or let any other wait for a second person.

    Raises `InvalidFields`, `KeyInvalid`, `KeyReused`, `NotFound` for a member who is unknown or
    was erased.
    """
    proposal_id = store.proposal_id_of(asked.by, route=route, key=asked.key)
    wanted = proposed(asked, proposal_id=proposal_id, at=work.now, fingerprint=fingerprint)
    receipt = store.key_of(proposal_id)
    try:
        with unless_carried_out(work, receipt, fingerprint=fingerprint):
            refuse_invalid(asked)
            opened = wallets.open_wallet(work, asked.member_id, absent=NotFound)
            if opened.wallet.erased:
                raise NotFound
            return Told(_propose_once(work, wanted, opened=opened), replayed=False)
    except Replayed as seen:
        return Told(store.proposal_from(seen.image), replayed=True)


def approve(work: Work, proposal_id: str, *, request: Request, reason: str | None) -> Told:
    """Make a correction that somebody else proposed.

    Raises `KeyReused`, `NotFound`, `SelfApproval`, `AlreadyDecided`, `MemberErased`.
    """
    return _decide(work, proposal_id, request=request, reason=reason, is_approved=True)


def reject(work: Work, proposal_id: str, *, request: Request, reason: str | None) -> Told:
    """Decide that a correction is not made; raises what approving does, but `MemberErased`."""
    return _decide(work, proposal_id, request=request, reason=reason, is_approved=False)


def find(work: Work, proposal_id: str) -> Proposal:
    """Return a proposal, or raise `NotFound`."""
    found = store.find(work, proposal_id)
    if found is None:
        raise NotFound
    return found


def find_all(work: Work, proposal_ids: Sequence[str]) -> list[Proposal]:
    """Return the proposals that exist among the ids, in their order."""
    return store.find_all(work, proposal_ids)


def page(work: Work, stage: Stage, *, limit: int, after: str | None) -> Page[Proposal]:
    """Return the proposals of a stage, newest first."""
    return store.page_of(work, stage, limit=limit, after=after)


def _propose_once(work: Work, wanted: Proposal, *, opened: Opened) -> Proposal:
    if is_small(wanted.points) and not _is_own(wanted, by=wanted.by):
        try:
            return persist(work, lambda tx: _alone(tx, wanted, opened=opened))
        except Mistaken:
            pass  # Together with what was moved today it is too much for one person.
    return persist(work, lambda tx: _waiting(tx, wanted))


def _alone(tx: Transaction, wanted: Proposal, *, opened: Opened) -> Proposal:
    made = replace(wanted, stage=Stage.APPROVED)
    store.put_proposal(tx, made)
    _add(tx, made, opened=opened, by=made.by)
    store.count_alone(tx, made, today=opened.today)
    return made


def _waiting(tx: Transaction, wanted: Proposal) -> Proposal:
    store.put_proposal(tx, wanted)
    audit.record(tx, Deed(wanted.by, "adjustment.propose", wanted.id, after=_asked(wanted)))
    return wanted


def _decide(
    work: Work, proposal_id: str, *, request: Request, reason: str | None, is_approved: bool
) -> Told:
    receipt = (store.DESK, receipt_sort(request.by, route=request.route, key=request.key))
    decision = Decision(request.by, work.now, reason)
    try:
        with unless_carried_out(work, receipt, fingerprint=request.fingerprint):
            found = find(work, proposal_id)
            opened = wallets.open_wallet(work, found.member_id, absent=NotFound)

            def attempt(tx: Transaction) -> Proposal:
                before = store.latest(tx, found)
                own = _is_own(before, by=request.by)
                after = decide(
                    before, by=request.by, beneficiary=own, decision=decision, approve=is_approved
                )
                if is_approved and opened.wallet.erased:
                    raise MemberErased
                put_receipt(tx, receipt, fingerprint=request.fingerprint)
                store.put_decided(tx, after)
                what = "adjustment.approve" if is_approved else "adjustment.reject"
                audit.record(tx, Deed(request.by, what, after.id, after=decision))
                if is_approved:
                    _add(tx, after, opened=opened, by=request.by)
                return after

            return Told(persist(work, attempt), replayed=False)
    except Replayed:
        return Told(find(work, proposal_id), replayed=True)


def _is_own(proposal: Proposal, *, by: str) -> bool:
    """Tell whether a wallet is that of whoever decides about it."""
    return members.member_of(by) == proposal.member_id


def _asked(proposal: Proposal) -> Adjustment:
    """Return a proposal as the correction that it asks for."""
    return Adjustment(
        member_id=proposal.member_id,
        points=proposal.points,
        reason=proposal.reason,
        by=proposal.by,
        key=proposal.id,
        evidence=proposal.evidence,
    )


def _add(tx: Transaction, made: Proposal, *, opened: Opened, by: str) -> None:
    """Add what a correction does to the wallet, and the row that says why."""
    wallet = wallets.latest(tx, opened.wallet)
    posting = Posting(wallet, opened.today)
    if made.points > 0:
        posting.credit(made.points, expiry_of(opened.today, opened.program))
    else:
        posting.claw_back(-made.points, None)
    change = posting.close(
        Reason.ADJUSTMENT,
        at=tx.work.now,
        refers={"adjustment": made.id},
        program_version=opened.program.version,
    )
    wallets.add(tx, change)
    now = change.after
    before = Balance(balance(wallet, opened.today), wallet.debt)
    after = Balance(now.available, now.debt, made.points, made.reason, made.evidence, made.id)
    audit.record(tx, Deed(by, "member.adjust", made.member_id, before, after))
