"""The job beside spending, and beside itself: every point goes once, and none that is good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.storage.wakes import waiting
from chalicelib.storage.work import Work
from tests.events import Api, Reply
from tests.mall import Mall, id_of
from tests.orders import run_expiry
from tests.postings import credit

LAST = date(2026, 12, 31)
MIDNIGHT = datetime(2026, 12, 31, 16, tzinfo=UTC)


def expired(mall: Mall, subject: str) -> list[int]:
    """Return how many points each entry of a member booked as expired."""
    page = journal.page(Work(mall.clock.now()), id_of(subject), limit=100, after=None)
    return [e.legs[Account.EXPIRED] for e in page.items if Account.EXPIRED in e.legs]


def test_a_sweep_beside_spending_takes_what_is_past_and_leaves_what_is_good(mall: Mall) -> None:
    work, lin, cup = Work(mall.clock.now()), mall.member("lin"), mall.reward(20)
    for points, day in ((60, LAST), (100, date(2027, 1, 30))):
        credit(work, id_of("lin"), points=points, expires_on=day)
    mall.clock.instant = MIDNIGHT

    def order(number: int) -> Reply:
        while (reply := _ordered(lin, cup, number)).status == 503:
            pass
        return reply

    with ThreadPoolExecutor(10) as threads:
        runs = [threads.submit(run_expiry, mall) for _ in range(4)]
        replies = list(threads.map(order, range(8)))
        for run in runs:
            run.result()
    run_expiry(mall)
    assert sorted(reply.status for reply in replies) == [201] * 5 + [422] * 3
    assert expired(mall, "lin") == [60]
    audited = wallets.audit(Work(mall.clock.now()), id_of("lin"))
    assert audited.faults == ()
    assert lin.get("/me/wallet")["available"] == 0


def test_two_jobs_at_once_book_and_remind_each_member_once(mall: Mall) -> None:
    subjects = [f"m-{number}" for number in range(24)]
    for number, subject in enumerate(subjects):
        mall.member(subject)
        day = date(2027, 1, 30) if number % 2 else LAST
        credit(Work(mall.clock.now()), id_of(subject), points=9, expires_on=day)
    mall.clock.instant = MIDNIGHT
    with ThreadPoolExecutor(2) as threads:
        for run in [threads.submit(run_expiry, mall) for _ in range(2)]:
            run.result()
    assert [expired(mall, subject) for subject in subjects] == [[9], []] * 12
    work = Work(mall.clock.now())
    for subject in subjects[1::2]:
        wallet = wallets.open_wallet(work, id_of(subject)).wallet
        assert (wallet.reminded_on, wallet.wakes_on) == (date(2027, 1, 1), date(2027, 1, 15))
    assert len(waiting(work, "wallet", limit=100).items) == 12
    newest = journal.page(work, id_of(subjects[0]), limit=1, after=None).items[0]
    assert newest.reason is Reason.EXPIRY


def _ordered(lin: Api, cup: str, number: int) -> Reply:
    return lin.post("/orders", {"reward_id": cup}, key=f"k-{number}")
