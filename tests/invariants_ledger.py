"""What must hold of wallets and journals, whatever happened before."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import chain
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.journal.rules import recompute
from chalicelib.ledger.wallets.rules import verify
from tests.books import Books, Faults, audited, days_of
from tests.validity import Validity, through

LOTS_MAX: Final = 72
"""Different dates of a wallet (the rules of the program)."""
REMINDERS: Final = (timedelta(days=30), timedelta(days=15), timedelta(days=3))
SHARDS: Final = 4
ONE_DAY: Final = timedelta(days=1)


def nothing_in_a_wallet_is_negative(books: Books) -> Faults:
    """Nothing available, held or owed is below 0, and no date is kept without points."""
    for row in books.of("wallet"):
        if min(row["a"], row["h"], row["o"], *(points - 1 for points in row["d"].values()), 0) < 0:
            yield f"the wallet of {row['p']} holds less than nothing"


def balances_are_sums_of_dates(books: Books) -> Faults:
    """The dates sum to the balance; they are few; and nobody both has points and owes some.

    No points have a date that became another one, and no date became two.
    """
    for member_id, wallet in books.wallets().items():
        if wallet.available != sum(lot.points for lot in wallet.lots):
            yield f"the dates of {member_id} are not the balance"
        if sum(lot.expires_on != date.max for lot in wallet.lots) > LOTS_MAX:
            yield f"the wallet of {member_id} has more than {LOTS_MAX} dates"
        if wallet.debt and wallet.available:
            yield f"{member_id} owes points and has some"
        dates = {lot.expires_on for lot in wallet.lots} | {last for _, last in wallet.merged}
        for first, last in wallet.merged:
            if {day for day in dates if first <= day <= last} != {last} or first == last:
                yield f"{member_id}: {last} does not stand for every date from {first} on"


def journals_make_the_wallets(books: Books) -> Faults:
    """A wallet is what its journal says: legs at 0, chain whole, versions dense, dates right."""
    wallets, journals = books.wallets(), books.entries()
    for member_id in sorted(wallets.keys() | journals.keys()):
        if member_id not in wallets:
            yield f"{member_id} has a journal and no wallet"
            continue
        faults = verify(wallets[member_id], recompute(journals.get(member_id, [])))
        yield from (f"{member_id}: {fault}" for fault in faults)


def wallets_are_looked_after_in_time(books: Books) -> Faults:
    """The index names a wallet no later than on the day after its first last day, or a reminder's.

    Reminders of days before the newest entry, and before the last reminder, are over.
    """
    journals, given = books.entries(), Validity(books).at()
    for row in books.of("wallet"):
        wakes, _, name = row.get("wa", "9999-12-31#").partition("#")
        if "wa" in row and (name, row.get("wk")) != (row["p"], f"wallet#{_shard(row['p'])}"):
            yield f"the index has {row['p']} at another place"
        exempt = date.fromisoformat(row["e"]) if row.get("e") else None
        days = [day for day in days_of(row["d"]) if day != date.max]
        throughs = [through(day, exempt, given=given) for day in days]
        newest = max((day_of(e.at, books.zone) for e in journals.get(row["p"], [])), default=None)
        told = date.fromisoformat(row["rd"]) if row.get("rd") else date.min
        reminders = (last - before for last in throughs for before in REMINDERS)
        left = [day for day in reminders if day > told and newest is not None and day >= newest]
        first = min([*left, *(last + ONE_DAY for last in throughs)], default=date.max)
        if date.fromisoformat(wakes) > first:
            yield f"nobody looks after {row['p']} on {first}"


def the_books_balance(books: Books) -> Faults:
    """Issued + debt = available + escrow + redeemed + expired + clawed back, over all members."""
    total: Counter[Account] = Counter()
    for entry in chain.from_iterable(books.entries().values()):
        total.update(entry.legs)
    incoming = -total[Account.ISSUED] - total[Account.DEBT]
    stands = (Account.AVAILABLE, Account.ESCROW)
    gone = (Account.REDEEMED, Account.EXPIRED, Account.CLAWED_BACK)
    if incoming != sum(total[account] for account in (*stands, *gone)):
        yield f"the trial balance does not hold: {dict(total)}"
    if total[Account.TRANSFER]:
        yield f"transfers leave {total[Account.TRANSFER]}"
    wallets = books.wallets().values()
    if total[Account.AVAILABLE] != sum(wallet.available for wallet in wallets):
        yield "the balances of all wallets are not what the journals say"


def redemptions_take_the_soonest(books: Books) -> Faults:
    """Points go soonest date first, never after their date; what has expired is booked first."""
    validity = Validity(books)
    for member_id, entries in books.entries().items():
        lots: Counter[date] = Counter()
        exempt: date | None = None
        for entry in entries:
            before = lots.copy()
            lots.update(entry.dates)
            today, left = day_of(entry.at, books.zone), [day for day in lots if lots[day]]
            name, given = f"{member_id}, version {entry.version}", validity.at(entry.at)
            if any(through(day, exempt, given=given) < today for day in left):
                yield f"{name} leaves points that have expired"
            if entry.reason in {Reason.REDEMPTION, Reason.HOLD}:
                ends = {day: through(day, exempt, given=given) for day in entry.dates}
                alive = [day for day in ends if before[day] and ends[day] >= today]
                if not alive or min(left, default=date.max) < max(alive):
                    yield f"{name} does not take the soonest points that are good"
            if entry.reason is Reason.EXEMPTION:
                told = entry.refers.get("until")
                exempt = date.fromisoformat(told) if told else None


def adjustments_are_in_the_audit_log(books: Books) -> Faults:
    """Every correction of a wallet has a row with its points and a reason, and every row one."""
    booked = Counter(
        (member_id, -entry.legs.get(Account.ISSUED, 0) - entry.legs.get(Account.CLAWED_BACK, 0))
        for member_id, entries in books.entries().items()
        for entry in entries
        if entry.reason is Reason.ADJUSTMENT
    )
    rows = [row for row in books.of("audit") if row["w"] == "member.adjust"]
    logged = Counter((row["u"], audited(row, "a")["points"]) for row in rows)
    for name in sorted(booked.keys() | logged.keys()):
        if booked[name] != logged[name]:
            yield f"the corrections {name} are {booked[name]}, and {logged[name]} in the log"
    yield from (
        f"{r['u']} was corrected without a reason" for r in rows if not audited(r, "a")["reason"]
    )


def _shard(member_id: str) -> int:
    return sum(member_id.encode()) % SHARDS
