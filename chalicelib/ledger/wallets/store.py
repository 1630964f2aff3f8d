"""Wallets as items: `member / W`, one kilobyte at 72 dates.

A wallet is written whole under a condition that knows the rule again: the version it was decided
on, at least the points it spends, and at least what it takes from the one date it uses partly. A
bug in the rules can therefore not overspend.

A reminder is no version: it moves only the day from which somebody has to look after the wallet,
and notes its own. So a new version also requires that no reminder came in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.kernel.pages import Page
from chalicelib.ledger.wallets.model import Change, Lot, Merged, Wallet
from chalicelib.ledger.wallets.rules import MemberFrozen
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import patiently
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, Key, RawItem, code_of
from chalicelib.storage.transaction import Mistaken, Transaction, moved
from chalicelib.storage.wakes import day_of_wake, due_by, wake_on
from chalicelib.storage.work import Work

WAKE: Final = "wallet"
"""The kind of deadline of wallets: the next day on which one has to be looked after."""
OVERTAKEN: Final = "ConditionalCheckFailedException"
"""Somebody has changed the wallet."""


class WalletItem(Item):
    """One wallet as stored."""

    version = IntAttribute(attr_name="v")
    available = IntAttribute(attr_name="a")
    held = IntAttribute(attr_name="h")
    debt = IntAttribute(attr_name="o")
    lots = IntMapAttribute(attr_name="d")
    exempt_until = UnicodeAttribute(attr_name="e", null=True)
    exempt_since = UnicodeAttribute(attr_name="b", null=True)
    frozen = BooleanAttribute(attr_name="z")
    chain = BinaryAttribute(attr_name="c", legacy_encoding=False)
    reminded_on = UnicodeAttribute(attr_name="rd", null=True)
    erased = BooleanAttribute(attr_name="x", null=True)
    merged = IntMapAttribute(attr_name="g", null=True)
    """How many days before its own a lot's first date lies; only there where dates were merged."""


def key_of(member_id: str) -> Key:
    """Return where a member's wallet is."""
    return (member_id, "W")


def wallet_from(raw: RawItem) -> Wallet:
    """Return the wallet that an image holds."""
    item = WalletItem.read(raw)
    return Wallet(
        member_id=item.partition,
        version=item.version,
        available=item.available,
        held=item.held,
        debt=item.debt,
        lots=tuple(Lot(day_of_key(key), item.lots[key]) for key in sorted(item.lots)),
        exempt_until=date.fromisoformat(item.exempt_until) if item.exempt_until else None,
        exempt_since=date.fromisoformat(item.exempt_since) if item.exempt_since else None,
        frozen=item.frozen,
        chain=item.chain,
        wakes_on=day_of_wake(item.wa) if item.wa else None,
        reminded_on=date.fromisoformat(item.reminded_on) if item.reminded_on else None,
        erased=bool(item.erased),
        merged=_merged_from(item.merged or {}),
    )


def _merged_from(days_before: Mapping[str, int]) -> Merged:
    lasts = {key: day_of_key(key) for key in sorted(days_before)}
    return tuple((last - timedelta(days=days_before[key]), last) for key, last in lasts.items())


def put_wallet(tx: Transaction, change: Change) -> None:
    """Add the next version of a wallet to a transaction."""
    after = change.after
    item = WalletItem(
        *key_of(after.member_id),
        version=after.version,
        available=after.available,
        held=after.held,
        debt=after.debt,
        lots={key_of_day(lot.expires_on): lot.points for lot in after.lots},
        exempt_until=after.exempt_until.isoformat() if after.exempt_until else None,
        exempt_since=after.exempt_since.isoformat() if after.exempt_since else None,
        frozen=after.frozen,
        chain=after.chain,
        reminded_on=after.reminded_on.isoformat() if after.reminded_on else None,
        erased=after.erased or None,
        merged={key_of_day(last): (last - first).days for first, last in after.merged} or None,
    )
    if after.wakes_on is not None:
        waits = wake_on(WAKE, after.member_id, day=after.wakes_on)
        item.wk, item.wa = waits["wk"], waits["wa"]
    tx.put(
        item,
        condition=_still_covers(change.before, change) if change.before else None,
        otherwise=moved(item.key),
    )


def put_wake(work: Work, before: Wallet, *, after: Wallet) -> bool:
    """Set from when a wallet has to be looked after, and the day of its last reminder.

    Nothing else is written and the version stays. False: somebody else has changed the wallet.
    """
    member_id = after.member_id
    actions: tuple[Action, ...] = (WalletItem.wk.remove(), WalletItem.wa.remove())
    if after.wakes_on is not None:
        waits = wake_on(WAKE, member_id, day=after.wakes_on)
        actions = (WalletItem.wk.set(waits["wk"]), WalletItem.wa.set(waits["wa"]))
    if after.reminded_on is not None:
        actions = (*actions, WalletItem.reminded_on.set(after.reminded_on.isoformat()))
    condition = (WalletItem.version == before.version) & _not_reminded_since(before)
    try:
        patiently(
            work,
            lambda: WalletItem(*key_of(member_id)).update(list(actions), condition=condition),
        )
    except UpdateError as failure:
        if code_of(failure) != OVERTAKEN:
            raise
        return False
    return True


def due(work: Work, today: date, *, limit: int, after: str | None) -> Page[str]:
    """Return the members whose wallets have to be looked after by today, soonest day first."""
    return due_by(work, WAKE, day=today, limit=limit, after=after)


def check_thawed(tx: Transaction, member_id: str) -> None:
    """Require that a member is not frozen, in a transaction that writes no wallet."""
    tx.check(
        WalletItem(*key_of(member_id)),
        condition=WalletItem.frozen == False,  # noqa: E712 - a condition of PynamoDB's
        otherwise=lambda _: MemberFrozen(),
    )


def check_present(tx: Transaction, member_id: str) -> None:
    """Require that a member was not erased, in a transaction that writes no wallet."""
    tx.check(
        WalletItem(*key_of(member_id)),
        condition=WalletItem.erased.does_not_exist(),
        otherwise=lambda _: Mistaken(),
    )


def _still_covers(before: Wallet, change: Change) -> Condition:
    """Return the condition under which a change may replace the wallet it was decided on."""
    condition: Condition = WalletItem.version == before.version
    condition &= _not_reminded_since(before)
    for attribute, spent in (
        (WalletItem.available, before.available - change.after.available),
        (WalletItem.held, before.held - change.after.held),
        (WalletItem.debt, before.debt - change.after.debt),
    ):
        if spent > 0:
            condition &= attribute >= spent
    left = {lot.expires_on for lot in change.after.lots}
    for day, points in change.entry.dates.items():
        if points < 0 and day in left:
            condition &= WalletItem.lots[key_of_day(day)] >= -points
    return condition


def _not_reminded_since(before: Wallet) -> Condition:
    if before.reminded_on is None:
        return WalletItem.reminded_on.does_not_exist()
    told: Condition = WalletItem.reminded_on == before.reminded_on.isoformat()
    return told
