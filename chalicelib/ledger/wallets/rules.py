"""How points come, go and expire: the rules of a wallet, without any input or output.

A `Posting` writes one wallet version. It begins by booking what has expired, so that nothing dead
revives; then it credits, spends, holds or claws back; `close` seals the entry into the chain.
Soonest dates are spent first, and debt is paid before anything becomes available.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from chalicelib.kernel.errors import Forbidden, RuleRefusal
from chalicelib.ledger.dates import rules as calendar
from chalicelib.ledger.dates.model import Terms
from chalicelib.ledger.journal.model import Account, Entry, Reason
from chalicelib.ledger.journal.rules import Recomputed, paid_with, seal
from chalicelib.ledger.wallets.model import NEVER, Change, ClawBack, GivenBack, Lot, Lots, Wallet

LOTS_MAX: Final = 72
"""Different dates a wallet keeps or remembers, that of endless points not counted: about 1 KB."""


class MemberFrozen(Forbidden):
    """A frozen member may not spend."""

    code = "member_frozen"
    en = "This account is frozen. Please ask support."
    zh = "该账户已被冻结，请联系客服。"


class DebtOpen(RuleRefusal):
    """No new spending while a claw-back is owed."""

    code = "debt_open"
    en = "You owe {debt} points; the next points you earn pay them first."
    zh = "您尚欠 {debt} 积分，之后获得的积分将优先抵扣。"


class InsufficientPoints(RuleRefusal):
    """Fewer usable points than asked."""

    code = "insufficient_points"
    en = "You have {available} points; {missing_points} more are needed."
    zh = "您有 {available} 积分，还差 {missing_points} 积分。"


def last_day(wallet: Wallet, expires_on: date) -> date:
    """Return the last day on which points of a date can be used."""
    return calendar.usable_through(expires_on, wallet.exempt_until, longer=wallet.longer)


def usable_lots(wallet: Wallet, today: date) -> Lots:
    """Return the lots that can be used today, soonest first."""
    return tuple(lot for lot in wallet.lots if last_day(wallet, lot.expires_on) >= today)


def balance(wallet: Wallet, today: date) -> int:
    """Return the points that can be used today: the only balance anybody is shown."""
    return sum(lot.points for lot in usable_lots(wallet, today))


def refuse_frozen(wallet: Wallet) -> None:
    """Raise `MemberFrozen` for a frozen wallet."""
    if wallet.frozen:
        raise MemberFrozen


def refuse_debt(wallet: Wallet) -> None:
    """Raise `DebtOpen` while anything is owed."""
    if wallet.debt:
        raise DebtOpen(debt=wallet.debt)


def refuse_short(wallet: Wallet, today: date, *, points: int) -> None:
    """Raise `InsufficientPoints` when fewer than `points` can be used today."""
    available = balance(wallet, today)
    if available < points:
        raise InsufficientPoints(available=available, missing_points=points - available)


def new_wallet(member_id: str, at: datetime, *, program_version: int = 0) -> Change:
    """Return the first version of a wallet, and the entry that tells of it."""
    empty = Wallet(member_id, 0, 0, 0, 0, (), None, frozen=False, chain=b"")
    new = Posting(empty, date.min)
    return replace(new.close(Reason.ENROLLED, at=at, program_version=program_version), before=None)


class Posting:
    """One wallet version in the making; every method keeps legs at 0 and dates at AVAILABLE."""

    def __init__(self, wallet: Wallet, today: date) -> None:
        """Book what has expired by today."""
        self._before = wallet
        self._today = today
        self._lots = {lot.expires_on: lot.points for lot in wallet.lots}
        self._merged = {last: first for first, last in wallet.merged}
        self._legs: dict[Account, int] = {}
        self._held, self._debt = wallet.held, wallet.debt
        self._frozen, self._erased = wallet.frozen, wallet.erased
        self._exempt_until, self._exempt_since = wallet.exempt_until, wallet.exempt_since
        self._paid: list[tuple[date, int]] = []
        for lot in set(wallet.lots) - set(usable_lots(wallet, today)):
            self._take(lot.expires_on, lot.points)
            self._leg(Account.EXPIRED, lot.points)

    def credit(self, points: int, expires_on: date, *, source: Account = Account.ISSUED) -> int:
        """Bring points in; return how many of them paid debt."""
        paid = min(self._debt, points)
        self._owe(-paid)
        self._paid.append((expires_on, paid))
        self._leg(source, -points)
        self._put(expires_on, points - paid)
        dates = {*self._lots, *filter(self._is_usable, self._merged)}
        while pair := calendar.closest({d: self._last_day(d) for d in dates}, most=LOTS_MAX):
            earlier, later = pair
            dates.remove(earlier)
            self._merged = calendar.joined(self._merged, earlier, into=later)
            if moved := self._lots.pop(earlier, 0):
                self._lots[later] = self._lots.get(later, 0) + moved
        return paid

    def spend(self, points: int, *, into: Account) -> Lots:
        """Take points, soonest first, into ESCROW or REDEEMED; return what was taken by date."""
        taken = self._take_soonest(points)
        self._leg(into, points)
        if into is Account.ESCROW:
            self._held += points
        return taken

    def settle_hold(self, points: int) -> None:
        """Turn held points into redeemed ones."""
        self._held -= points
        self._leg(Account.ESCROW, -points)
        self._leg(Account.REDEEMED, points)

    def give_back(self, taken: Lots, *, source: Account, by_house: bool) -> GivenBack:
        """Return points with their dates; tell how many paid debt, and how many expired.

        A date no longer usable becomes today and 7 days when the house returns it, else expires. To
        a member who was erased only what they owe comes back.
        """
        paid = expired = 0
        late = calendar.house_return(self._today, self._before.longer)
        for lot in taken:
            usable = self._is_usable(calendar.home_of(lot.expires_on, self._merged))
            most = self._debt if self._erased else lot.points
            back = min(lot.points, most) if usable or by_house else 0
            paid += self.credit(back, lot.expires_on if usable else late, source=source)
            expired += lot.points - back
        self._leg(source, -expired)
        self._leg(Account.EXPIRED, expired)
        self._held -= sum(lot.points for lot in taken) if source is Account.ESCROW else 0
        return GivenBack(paid, expired)

    def claw_back(self, points: int, own_date: date | None) -> ClawBack:
        """Take points back: from their own date first, if there is one, then soonest, then as debt.

        A merged date is the later one by now. Of points that have expired nothing is taken, and
        those of a member who was erased have.
        """
        own_date = calendar.home_of(own_date, self._merged) if own_date else None
        if own_date and (self._erased or not self._is_usable(own_date)):
            return ClawBack(0, 0)
        own = min(points, self._lots.get(own_date, 0)) if own_date else 0
        self._take(own_date or NEVER, own)
        first = (Lot(own_date, own),) if own_date and own else ()
        soonest = min(points - own, sum(self._lots.values()))
        taken = first + self._take_soonest(soonest)
        debt = points - own - soonest
        self._owe(debt)
        self._leg(Account.CLAWED_BACK, points)
        return ClawBack(points, debt, taken)

    def restore(self, clawed: ClawBack, *, paid: Lots) -> None:
        """Undo a claw-back; `paid` of what it left owing was paid since, and comes back, too."""
        owed = clawed.debt - sum(lot.points for lot in paid)
        self._owe(-owed)
        self._leg(Account.CLAWED_BACK, -owed)
        self.give_back(clawed.taken + paid, source=Account.CLAWED_BACK, by_house=True)

    def exempt(self, until: date | None) -> Mapping[str, str]:
        """Set the exemption's last day; return what its entry tells. A new one revives nothing."""
        lapsed = self._last_day(date.min) < self._today
        since = self._today if lapsed else self._exempt_since
        self._exempt_until, self._exempt_since = until, since if until else None
        told = {"until": until, "since": self._exempt_since}
        return {name: day.isoformat() for name, day in told.items() if day}

    def freeze(self, *, frozen: bool) -> None:
        """Stop or allow spending."""
        self._frozen = frozen

    def erase(self) -> None:
        """End every point of a member who leaves for good."""
        ended = sum(self._lots.values())
        self._take_soonest(ended)
        self._leg(Account.EXPIRED, ended)
        self._erased, self._merged = True, {}

    def close(
        self,
        reason: Reason,
        *,
        at: datetime,
        refers: Mapping[str, str] | None = None,
        program_version: int = 0,
    ) -> Change:
        """Seal the entry and return the change."""
        legs = {account: points for account, points in self._legs.items() if points}
        before = {lot.expires_on: lot.points for lot in self._before.lots}
        dates = calendar.differences(before, self._lots)
        assert sum(legs.values()) == 0, legs
        assert sum(dates.values()) == legs.get(Account.AVAILABLE, 0), (dates, legs)
        lots = tuple(Lot(day, self._lots[day]) for day in sorted(self._lots))
        available = sum(self._lots.values())
        told = {**(refers or {}), **paid_with(self._paid)}
        name, chain, version = self._before.member_id, self._before.chain, self._before.version + 1
        facts = (name, version, at, reason, legs, dates, told, program_version, available, chain)
        entry = seal(Entry(*facts, b""))
        after = replace(
            self._before,
            version=entry.version,
            available=available,
            held=self._held,
            debt=self._debt,
            lots=lots,
            merged=calendar.remembered(self._merged, is_good=self._is_usable),
            exempt_until=self._exempt_until,
            exempt_since=self._exempt_since,
            frozen=self._frozen,
            erased=self._erased,
            chain=entry.hash,
            wakes_on=None if self._erased else self._wakes_on(dates),
        )
        return Change(self._before, after, entry)

    def _wakes_on(self, dates: Mapping[date, int]) -> date | None:
        before, until = self._before, self._exempt_until
        terms = Terms(until, before.longer, before.wakes_on, before.reminded_on)
        return calendar.next_wake(self._lots, self._today, changed=dates, terms=terms)

    def _is_usable(self, day: date) -> bool:
        """Tell whether a date is still good: not if it had passed when the exemption began."""
        since, plain = self._exempt_since, calendar.lengthened(day, self._before.longer)
        return (since is None or plain >= since) and self._last_day(day) >= self._today

    def _last_day(self, day: date) -> date:
        return calendar.usable_through(day, self._exempt_until, longer=self._before.longer)

    def _leg(self, account: Account, points: int) -> None:
        self._legs[account] = self._legs.get(account, 0) + points

    def _owe(self, points: int) -> None:
        self._debt += points
        assert self._debt >= 0, "nobody owes less than nothing"
        self._leg(Account.DEBT, -points)

    def _put(self, day: date, points: int) -> None:
        if points and self._erased:
            self._leg(Account.EXPIRED, points)
        elif points:
            day = calendar.home_of(day, self._merged)
            self._lots[day] = self._lots.get(day, 0) + points
            self._leg(Account.AVAILABLE, points)

    def _take(self, day: date, points: int) -> None:
        if points:
            self._lots[day] -= points
            assert self._lots[day] >= 0, (day, points)
            if not self._lots[day]:
                del self._lots[day]
            self._leg(Account.AVAILABLE, -points)

    def _take_soonest(self, points: int) -> Lots:
        taken = tuple(Lot(*part) for part in calendar.soonest(self._lots, points))
        for lot in taken:
            self._take(lot.expires_on, lot.points)
        return taken


def verify(wallet: Wallet, journal: Recomputed) -> list[str]:
    """Return every disagreement between a wallet and what its journal implies, in words."""
    lots = tuple(Lot(day, points) for day, points in journal.dates.items())
    agreed = {
        "version": wallet.version == journal.version,
        "chain head": wallet.chain == journal.chain,
        "lots": wallet.lots == lots,
        "available": wallet.available == journal.totals.get(Account.AVAILABLE, 0),
        "held": wallet.held == journal.totals.get(Account.ESCROW, 0),
        "debt": wallet.debt == -journal.totals.get(Account.DEBT, 0),
        "freezing": wallet.frozen == journal.frozen,
        "exemption": wallet.exempt_until == journal.exempt_until,
        "erasure": wallet.erased == journal.erased,
        "exemption's first day": wallet.exempt_since == journal.exempt_since,
    }
    wrong = [f"the wallet's {name} is not the journal's" for name in agreed if not agreed[name]]
    return [*journal.faults, *wrong]
