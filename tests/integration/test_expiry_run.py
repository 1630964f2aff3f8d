"""A run of the job that looks after wallets: page by page, over midnight, and when it dies."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from chalicelib.ledger.expiry import service
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Account
from chalicelib.storage.wakes import SHARDS, waiting
from chalicelib.storage.work import Work
from chalicelib.web.sweeping import IN_A_ROW_MAX, THREADS
from tests.faults import Crashed, Fault, faults
from tests.mall import Mall, id_of
from tests.orders import run_expiry
from tests.postings import credit
from tests.rows import row

LAST: Final = date(2026, 12, 31)
MIDNIGHT: Final = datetime(2026, 12, 31, 16, tzinfo=UTC)
"""When that day ends in Shanghai."""
A_MONTH_ON: Final = date(2027, 1, 30)
"""On the day after, its first reminder is due."""
CALLS_MAX: Final = 1_000
"""More than any run makes."""


def give(mall: Mall, subject: str, expires_on: date) -> None:
    mall.member(subject)
    credit(Work(mall.clock.now()), id_of(subject), points=9, expires_on=expires_on)


def told(subject: str) -> str | None:
    """Return the day of a member's last reminder, as the wallet notes it."""
    return row(id_of(subject), "W").get("rd", {}).get("S")


def test_a_run_goes_on_page_by_page_and_begins_no_page_after_twelve_minutes(
    mall: Mall, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = [f"m-{number}" for number in range(7)]
    for subject in subjects:
        give(mall, subject, LAST)
    monkeypatch.setattr(service, "PAGE", 2)
    hands = [100.0]
    work = Work(MIDNIGHT, elapsed=lambda: hands[0])
    pages = [list(page) for page in service.due(work)]
    assert sorted(itertools.chain(*pages)) == sorted(map(id_of, subjects))
    assert max(map(len, pages)) == 2
    run = service.due(work)
    assert list(next(run)) == pages[0]
    hands[0] += 719.9
    assert list(next(run)) == pages[1]
    hands[0] += 0.1
    assert list(run) == []


def test_a_run_over_midnight_reminds_nobody_twice_on_a_day(mall: Mall) -> None:
    """The run begins thirty days before the one date, and is over as many before the other."""
    give(mall, "lin", A_MONTH_ON - timedelta(days=1))
    credit(Work(mall.clock.now()), id_of("lin"), points=5, expires_on=A_MONTH_ON)
    hands = [100.0]
    look_after = service.looking_after(
        Work(MIDNIGHT - timedelta(seconds=1), elapsed=lambda: hands[0])
    )
    hands[0] += 2
    assert look_after(id_of("lin")).is_reminded
    assert told("lin") == "2027-01-01"
    assert service.look_after(Work(MIDNIGHT + timedelta(hours=1)), id_of("lin")) == service.NOTHING


def test_a_run_that_dies_between_pages_or_in_threads_is_gone_on_with(
    mall: Mall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again and again, each time after another number of calls, until one comes to its end."""
    monkeypatch.setattr(service, "PAGE", THREADS)
    swept, reminded = ([f"{sort}-{number}" for number in range(10)] for sort in "sr")
    for subject in swept:
        give(mall, subject, LAST)
    for subject in reminded:
        give(mall, subject, A_MONTH_ON)
    mall.clock.instant = MIDNIGHT
    in_threads = [_dies(mall, after=calls) for calls in (2, 7, 12, 17)]
    assert [made.count("Query") for made in in_threads] == [2, SHARDS, SHARDS, SHARDS]
    monkeypatch.setattr(service, "PAGE", IN_A_ROW_MAX)
    between = _dies(mall, after=SHARDS, only="Query")
    assert between == ["Query"] * (SHARDS + 1), "the first one of the second page"
    for _ in range(2):
        run_expiry(mall)
    work = Work(mall.clock.now())
    for subject in swept:
        page = journal.page(work, id_of(subject), limit=100, after=None)
        assert [e.legs[Account.EXPIRED] for e in page.items if Account.EXPIRED in e.legs] == [9]
    assert {told(subject) for subject in reminded} == {"2027-01-01"}
    assert sorted(waiting(work, "wallet", limit=100).items) == sorted(map(id_of, reminded))


def _dies(mall: Mall, *, after: int, only: str = "") -> list[str]:
    """Let the process of a run die with the call after so many, which arrives; list them."""
    plan = dict.fromkeys(range(after, CALLS_MAX), Fault.CRASH_BEFORE)
    with faults({**plan, after: Fault.CRASH_AFTER}, only=only) as calls, pytest.raises(Crashed):
        run_expiry(mall)
    return calls.made[: after + 1]
