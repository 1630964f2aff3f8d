"""Telling members everything, and forgetting them.

An export follows the journal, because everything that ever happened to a wallet has an entry there,
and an entry names what it is about. It only reads.

Erasure looks first whether anything is under way. Then one transaction puts a tombstone in the
place of the profile, frees the phone, ends the points, marks the wallet and forgets the
preferences; it requires the wallet's version from before the look, and whatever comes in between
takes the next one, so that everything is looked at again. Up to here nothing was taken away:
whoever is refused has lost nothing.

From then on nobody can add anything personal, and what is left goes in parts: tracking texts,
addresses, notices. Whoever is interrupted there goes on when they ask again, and the relay goes on
when it hears the journal's entry, whether anybody asks or not. The price: after a crash an address
outlives its member until the relay has read, which takes seconds.

The journal stays, under an id that now means nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from chalicelib.catalog.limits import service as limits
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import NotFound, Unauthenticated
from chalicelib.kernel.ids import random_token
from chalicelib.ledger.adjustments import service as adjustments
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Entry
from chalicelib.ledger.members import service as members
from chalicelib.ledger.members.model import Member
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import balance
from chalicelib.outreach.notices import service as notices
from chalicelib.outreach.privacy.model import About, Erased, Export, Happened
from chalicelib.outreach.privacy.rules import named, refuse_open
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.fulfilment import service as fulfilment
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Shown
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.rules import stray_id_of
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.work import Patience, Work
from chalicelib.tiers.activities import service as activities
from chalicelib.tiers.campaigns import service as campaigns
from chalicelib.tiers.earning import service as earning
from chalicelib.tiers.referrals import service as referrals


def export(work: Work, member_id: str, *, limit: int, after: str | None) -> Export:
    """Return a page of everything that is known of a member; raises `NotEnrolled`."""
    opened, profile = members.open_profile(work, member_id)
    about = None
    if after is None:
        about = About(
            member=Member(profile, opened.wallet.frozen),
            wallet=opened.wallet,
            today=opened.today,
            wishes=notices.wishes(work, member_id),
            notices=list(notices.all_of(work, member_id)),
            limits=limits.used_by(work, member_id),
            campaigns=campaigns.given_to(work, member_id),
            activities=activities.kept_of(work, member_id),
            referrals=referrals.all_of(work, member_id),
        )
    page = journal.page(work, member_id, limit=limit, after=after, absent=NotFound)
    return Export(about, _happened(work, page.items), page.next_position)


def _happened(work: Work, entries: Sequence[Entry]) -> Happened:
    """Return entries with everything that they are about.

    Money of a payment that an order did not get went back without an entry: no point went with it.
    """
    order_ids = [name for (name,) in named(entries, "order")]
    ordered, addresses = orders.find_all(work, order_ids), orders.addresses_of(work, order_ids)
    given_back = [name for (name,) in named(entries, "order_refund")]
    given_back += [stray_id_of(order.intent_id) for order in ordered if order.intent_id]
    return Happened(
        entries=entries,
        tasks=journal.tasks_in(work, entries),
        orders=[Shown(order, addresses.get(order.id)) for order in ordered],
        order_refunds=refunds.find_all(work, given_back),
        purchases=earning.find_purchases(work, [name for (name,) in named(entries, "purchase")]),
        purchase_refunds=earning.find_refunds(work, named(entries, "purchase", "refund")),
        adjustments=adjustments.find_all(work, [n for (n,) in named(entries, "adjustment")]),
    )


def erase(work: Work, payments: Payments, *, member_id: str) -> Erased:
    """Erase a member for good, and return how many points ended with it.

    Raises `NotEnrolled`, `OrdersOpen`, `Unavailable` where an overdue order waits for Stripe.
    """
    patience = Patience(work)
    mark = random_token(work.dice)
    while True:
        try:
            erased = _erase(work, payments, member_id=member_id, mark=mark)
        except Mistaken:
            # Something came in between: it may be an order that is to be sent.
            patience.again(overtaken=True)
            continue
        except Unauthenticated:
            # Erased before, perhaps by a request that got no further.
            clear(work, member_id)
            raise
        clear(work, member_id)
        return erased


def clear(work: Work, member_id: str) -> None:
    """Erase what is left of a member who was erased; again, it goes on where it stopped."""
    for order in orders.all_of(work, member_id):
        fulfilment.forget(work, order=order)
    orders.erase_addresses(work, member_id)
    notices.erase_held(work, member_id)


def _erase(work: Work, payments: Payments, *, member_id: str, mark: str) -> Erased:
    opened, _ = members.open_profile(work, member_id)
    ended = balance(opened.wallet, opened.today)
    known = list(orders.all_of(work, member_id))
    if any(progress.current(work, payments, order=one).version != one.version for one in known):
        raise Mistaken
    refuse_open(known, held=opened.wallet.held)

    def attempt(tx: Transaction) -> None:
        members.erase(tx, opened, mark=mark)
        wallets.erase(tx, opened)
        notices.erase_preferences(tx, member_id)
        # Under the id: whoever asked is nobody by then.
        audit.record(tx, Deed(member_id, "member.erase", member_id))

    with suppress(Replayed):
        persist(work, attempt)
    return Erased(member_id, work.now, ended)
