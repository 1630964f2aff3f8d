"""Making a correction: read, decide, write once.

One transaction writes the receipt, the wallet, its entry, and the row of the audit log, where the
reason stands: the journal holds none, because people write names into reasons. Points that are
given pay debt first. Points that are taken back have no date of their own: the soonest go first,
and what is missing becomes debt.
"""

from __future__ import annotations

from typing import Final

from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.adjustments.model import Adjusted, Adjustment, Balance
from chalicelib.ledger.adjustments.rules import expiry_of, fingerprint_of, refuse_invalid
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.rules import Posting, balance
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.storage.receipts import put_receipt, receipt_sort
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

ROUTE: Final = "adjust"
"""What stands in for a route in the receipt's key."""


def adjust(work: Work, asked: Adjustment) -> Adjusted:
    """Give points to a member or take points back, once for each key.

    Raises `InvalidFields`, `KeyInvalid`, `NotFound` for an unknown member, `KeyReused` for a key
    that was spent on another correction of the same member.
    """
    refuse_invalid(asked)
    opened = wallets.open_wallet(work, asked.member_id, absent=NotFound)
    # One key, one deed of a member: somebody else under the same key is told that it is spent.
    receipt = (asked.member_id, receipt_sort(asked.member_id, route=ROUTE, key=asked.key))

    def attempt(tx: Transaction) -> Wallet:
        put_receipt(tx, receipt, fingerprint=fingerprint_of(asked))
        return _add(tx, asked, opened=opened)

    try:
        wallet, again = persist(work, attempt), False
    except Replayed:
        wallet, again = wallets.open_wallet(work, asked.member_id, absent=NotFound).wallet, True
    return Adjusted(wallet, balance(wallet, opened.today), again)


def _add(tx: Transaction, asked: Adjustment, *, opened: Opened) -> Wallet:
    wallet = wallets.latest(tx, opened.wallet)
    posting = Posting(wallet, opened.today)
    if asked.points > 0:
        posting.credit(asked.points, expiry_of(opened.program, opened.today))
    else:
        posting.claw_back(-asked.points, None)
    version = opened.program.version
    change = posting.close(Reason.ADJUSTMENT, at=tx.work.now, program_version=version)
    wallets.add(tx, change)
    before = Balance(balance(wallet, opened.today), wallet.debt)
    after = Balance(change.after.available, change.after.debt, asked.points, asked.reason)
    audit.record(tx, Deed(asked.by, "member.adjust", asked.member_id, before, after))
    return change.after
