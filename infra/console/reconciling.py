"""Holding our orders against Stripe's objects from a shell, and mending what a person decides.

`reconcile` prints a line for each difference and below it the command that mends it, then what was
looked at and the cash by both sides' word. `--mend` first does what the job does every day: it
follows Stripe wherever that mends something. `mend ID` does that for one difference, and carries
out what only a person decides: the sentence beside it says what that is, and the audit log who said
so. Both exit with 1 while something differs.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, Protocol

from chalicelib.gateways.payments.account import payments
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.money import Money
from chalicelib.redeem.reconciliation import service
from chalicelib.redeem.reconciliation.model import Found, Part, Sums
from chalicelib.redeem.reconciliation.rules import added, amount, sentence
from chalicelib.storage.work import Work

DAYS: Final = 3
"""As far back as the job looks."""
DAYS_MAX: Final = 3650
DIFFERS: Final = 1
CANNOT: Final = 1


class Commands(Protocol):
    """Where commands are added to."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002
        """Add one."""


def add_to(commands: Commands) -> None:
    """Add the two commands."""
    reconcile = commands.add_parser("reconcile", help="hold orders with cash against Stripe")
    reconcile.add_argument("--days", type=_days, default=DAYS, help="how far back; 3 without it")
    reconcile.add_argument("--mend", action="store_true", help="follow Stripe where that mends it")
    reconcile.set_defaults(run=_reconcile)
    mend = commands.add_parser("mend", help="mend one difference that `reconcile` printed")
    mend.add_argument("id", help="of a payment, refund, dispute or order: pi_ re_ rfd_ du_ ord_")
    mend.add_argument("--by", default=getpass.getuser(), help="who says so, for the audit log")
    mend.set_defaults(run=_mend)


def _reconcile(work: Work, asked: argparse.Namespace) -> int:
    since = work.now - timedelta(days=asked.days)
    left, total = 0, Sums()
    for part in service.reconcile(work, payments(), since=since, is_mending=asked.mend):
        left += sum(not one.is_mended for one in part.found)
        total = added(total, part.sums)
        for line in _lines(part, home=asked.state):
            print(line)
        print(f"through {rfc3339(part.until)}", file=sys.stderr)
    for line in _told(total):
        print(line)
    print(f"{left} difference{'' if left == 1 else 's'} left")
    return DIFFERS if left else 0


def _mend(work: Work, asked: argparse.Namespace) -> int:
    try:
        found = service.mend(work, payments(), about=asked.id, by=asked.by)
    except NotFound:
        print(f"Neither side knows {asked.id}.", file=sys.stderr)
        return CANNOT
    if not found:
        print(f"Nothing differs about {asked.id}.")
    for one in found:
        print(f"{'Mended' if one.is_mended else 'Left'}: {sentence(one.difference)}")
        if one.why:
            print(one.why, file=sys.stderr)
    return 0 if all(one.is_mended for one in found) else DIFFERS


def _lines(part: Part, *, home: object) -> Iterator[str]:
    """Yield a line for each difference, and below it what mends one that is left."""
    state = f" --state {home}" if home else ""
    for one in part.found:
        yield f"{'Mended' if one.is_mended else 'Differs'}: {sentence(one.difference)}"
        if not one.is_mended:
            yield f"    python -m infra.console{state} mend {one.difference.about}{_because(one)}"


def _because(found: Found) -> str:
    return f"    # tried: {found.why}" if found.why else ""


def _told(sums: Sums) -> Iterator[str]:
    """Yield what was looked at, and the cash as both sides tell it."""
    looked = (
        ("orders", sums.orders),
        ("payments", sums.payments),
        ("refunds", sums.refunds),
        ("disputes", sums.disputes),
    )
    yield "looked at: " + ", ".join(f"{number:,} {name}" for name, number in looked)
    currencies = sorted({*sums.taken_here, *sums.taken_there, *sums.back_here, *sums.back_there})
    pairs: tuple[tuple[str, Mapping[str, int], Mapping[str, int]], ...] = (
        ("taken", sums.taken_here, sums.taken_there),
        ("given back", sums.back_here, sums.back_there),
    )
    yield f"{'cash':<14}{'here':>24}{'at Stripe':>24}"
    for currency in currencies:
        for name, here, there in pairs:
            ours, theirs = (amount(Money(one.get(currency, 0), currency)) for one in (here, there))
            yield f"{name:<14}{ours:>24}{theirs:>24}"


def _days(told: str) -> int:
    """Read a number of days."""
    days = int(told)
    if not 1 <= days <= DAYS_MAX:
        raise argparse.ArgumentTypeError(f"from 1 to {DAYS_MAX}")
    return days
