"""A wallet's own condition: a bug in the rules cannot overspend, nor write over another version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from pynamodb.exceptions import UpdateError

from chalicelib.kernel.errors import Contended
from chalicelib.ledger.journal import store as journal
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import store
from chalicelib.ledger.wallets.model import Change, Lot, Wallet
from chalicelib.ledger.wallets.rules import Posting, new_wallet
from chalicelib.storage.table import connection
from chalicelib.storage.transaction import Moved, Transaction
from chalicelib.storage.work import Patience, Work
from tests.builders import LATER, MEMBER_ID, NOW, SOON, TODAY
from tests.faults import refused
from tests.rows import overwrite, row

WORK: Final = Work(NOW)
BEFORE: Final = Wallet(
    MEMBER_ID,
    version=2,
    available=30,
    held=20,
    debt=10,
    lots=(Lot(SOON, 10), Lot(LATER, 20)),
    exempt_until=None,
    frozen=False,
    chain=b"head",
)


def put(change: Change) -> None:
    """Write a wallet alone."""
    tx = Transaction(WORK, {})
    store.put_wallet(tx, change)
    tx.commit(Patience(WORK))


def settled() -> Change:
    """Return a change that spends 15, settles 20 held points and pays 10 of debt."""
    posting = Posting(BEFORE, TODAY)
    posting.spend(15, into=Account.REDEEMED)
    posting.settle_hold(20)
    posting.credit(10, LATER)
    return posting.close(Reason.REDEMPTION, at=NOW)


@contextmanager
def answering(code: str) -> Iterator[None]:
    """Answer every update with an error, in the engine's place."""

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        if "UpdateItem" not in str(request.headers["X-Amz-Target"]):
            return None
        return refused(request, code)

    events = connection().connection.client.meta.events
    handler: Any = answer
    events.register_first("before-send.dynamodb", handler)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", handler)


@pytest.fixture
def stored(table: str) -> None:
    """Keep the wallet that changes are decided on."""
    assert table
    first = new_wallet(MEMBER_ID, NOW)
    put(Change(None, BEFORE, first.entry))


@pytest.mark.usefixtures("stored")
def test_a_wallet_is_read_as_it_was_written() -> None:
    assert store.wallet_from(row(*store.key_of(MEMBER_ID))) == BEFORE
    put(settled())
    assert store.wallet_from(row(*store.key_of(MEMBER_ID))) == settled().after


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    "less",
    [
        {"v": {"N": "3"}},
        {"a": {"N": "14"}},
        {"h": {"N": "19"}},
        {"o": {"N": "9"}},
        {"d": {"M": {"261231": {"N": "10"}, "281130": {"N": "4"}}}},
    ],
    ids=["version", "available", "held", "debt", "the date used partly"],
)
def test_what_the_change_was_decided_on_must_still_be_there(less: Mapping[str, Any]) -> None:
    overwrite(row(*store.key_of(MEMBER_ID)), **less)
    with pytest.raises(Moved) as moved:
        put(settled())
    assert moved.value.key == store.key_of(MEMBER_ID)
    assert {name: moved.value.image[name] for name in less} == less


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    "enough",
    [
        {"a": {"N": "15"}},
        {"h": {"N": "20"}},
        {"o": {"N": "10"}},
        {"d": {"M": {"281130": {"N": "5"}}}},
    ],
    ids=["available", "held", "debt", "the date used partly"],
)
def test_exactly_what_is_needed_is_enough(enough: Mapping[str, Any]) -> None:
    overwrite(row(*store.key_of(MEMBER_ID)), **enough)
    put(settled())


@pytest.mark.usefixtures("stored")
def test_a_first_version_is_never_put_over_a_wallet() -> None:
    with pytest.raises(Moved):
        put(new_wallet(MEMBER_ID, NOW))


@pytest.mark.usefixtures("table")
def test_an_entry_is_never_put_over_another() -> None:
    entry = new_wallet(MEMBER_ID, NOW).entry
    for attempt in range(2):
        tx = Transaction(WORK, {})
        journal.put_entry(tx, entry)
        if attempt:
            with pytest.raises(Contended):
                tx.commit(Patience(WORK))
        else:
            tx.commit(Patience(WORK))


@pytest.mark.usefixtures("table")
def test_an_entry_is_read_as_it_was_written() -> None:
    posting = Posting(BEFORE, TODAY)
    posting.credit(5, date.max)
    refers = {"order": "ord_1", "purchase": "c/p", "refund": "r", "until": "2026-12-31"}
    entry = posting.close(Reason.PURCHASE, at=NOW, refers=refers, program_version=7).entry
    tx = Transaction(WORK, {})
    journal.put_entry(tx, entry)
    tx.commit(Patience(WORK))
    assert list(journal.all_of(WORK, MEMBER_ID)) == [entry]


WOKEN: Final = replace(BEFORE, wakes_on=SOON)
REMINDED: Final = replace(BEFORE, wakes_on=LATER, reminded_on=TODAY)


def test_a_reminder_changes_the_day_and_nothing_else(table: str) -> None:
    assert table
    put(Change(None, WOKEN, new_wallet(MEMBER_ID, NOW).entry))
    assert store.due(WORK, SOON, limit=1, after=None).items == [MEMBER_ID]
    assert store.put_wake(WORK, WOKEN, after=REMINDED)
    assert store.wallet_from(row(*store.key_of(MEMBER_ID))) == REMINDED
    assert store.due(WORK, SOON, limit=1, after=None).items == []
    assert store.put_wake(WORK, REMINDED, after=replace(REMINDED, wakes_on=None))
    assert store.due(WORK, date.max, limit=1, after=None).items == []


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("moved", [{"v": {"N": "3"}}, {"rd": {"S": "2026-11-20"}}])
def test_a_wallet_that_has_changed_is_not_reminded_of_what_it_was(moved: Mapping[str, Any]) -> None:
    """Neither past another version, nor past another reminder."""
    overwrite(row(*store.key_of(MEMBER_ID)), **moved)
    before = row(*store.key_of(MEMBER_ID))
    assert not store.put_wake(WORK, BEFORE, after=REMINDED)
    assert row(*store.key_of(MEMBER_ID)) == before


@pytest.mark.usefixtures("stored")
def test_what_refuses_a_reminder_is_not_taken_for_another_change() -> None:
    with answering("AccessDenied"), pytest.raises(UpdateError):
        store.put_wake(WORK, BEFORE, after=REMINDED)
