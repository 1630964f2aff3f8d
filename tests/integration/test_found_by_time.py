"""What is found by its time, to the instant and past a page; and how far reconciliation is."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import count, islice

import pytest

from chalicelib.kernel.errors import Contended
from chalicelib.redeem.reconciliation import store
from chalicelib.redeem.reconciliation.model import Progress
from chalicelib.storage.receipts import Receipt
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.wakes import PAGE, SHARDS, named_between, wake
from chalicelib.storage.work import Work
from tests.mall import OPENING

INSTANT = timedelta(microseconds=1)


@pytest.mark.usefixtures("table")
def test_a_span_holds_its_first_instant_and_not_its_last_and_more_than_a_page() -> None:
    work = Work(OPENING)
    until = OPENING + timedelta(hours=1)
    names = (f"n{number:04d}" for number in count())
    one_shard = (name for name in names if sum(name.encode()) % SHARDS == 0)
    inside = list(islice(one_shard, PAGE + 2))
    placed = dict.fromkeys(inside, OPENING) | {
        "before": OPENING - INSTANT,
        "last": until - INSTANT,
        "after": until,
    }

    def put(tx: Transaction, *, name: str) -> None:
        waits = wake("span", name, at=placed[name])
        item = Receipt("span", name, fingerprint=b"", wk=waits["wk"], wa=waits["wa"])
        tx.put(item, otherwise=lambda _: Contended())

    for name in placed:
        persist(work, partial(put, name=name))
    found = list(named_between(work, "span", since=OPENING, until=until))
    assert sorted(found) == sorted([*inside, "last"])
    assert list(named_between(work, "span", since=OPENING, until=OPENING)) == []


@pytest.mark.usefixtures("table")
def test_a_run_that_began_earlier_does_not_move_the_progress_back() -> None:
    work = Work(OPENING)
    assert store.find(work) is None
    newer = Progress(OPENING - timedelta(days=2), OPENING)
    persist(work, lambda tx: store.put(tx, progress=newer))
    persist(work, lambda tx: store.put(tx, progress=newer))
    assert store.find(work) == newer
    older = Progress(OPENING, OPENING - INSTANT)
    with pytest.raises(Contended):
        persist(work, lambda tx: store.put(tx, progress=older))
    assert store.find(work) == newer
