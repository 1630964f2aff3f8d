"""Settings, audit, receipts, tries and the head: nothing is written over, nothing counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from chalicelib.kernel.errors import Contended, KeyReused, Stale, TooMany
from chalicelib.program.audit import store as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import store as documents
from chalicelib.program.documents.model import DEFAULTS
from chalicelib.storage.head import NO_HEAD, Head, fix_zone, raise_version
from chalicelib.storage.receipts import put_receipt
from chalicelib.storage.transaction import Moved, Replayed, Transaction
from chalicelib.storage.tries import KEPT_SECONDS, TryLimit, count_wrong_try, refuse_if_spent
from tests.builders import NOW
from tests.faults import Fault, faults
from tests.mutation.plans import WORK, Add, Wrong, columns, refused
from tests.rows import erase, of_sort

AT: Final = ("here", "R#1")
LIMIT: Final = TryLimit("test", tries_max=2, seconds=60)


def a_row(tx: Transaction) -> None:
    """Add an audit row, whose id is always the same under these dice."""
    audit.put_row(tx, Deed("op", "test", "it"))


def a_document(fingerprint: bytes) -> Add:
    settings = replace(DEFAULTS, version=1)
    return lambda tx: documents.put_program(tx, settings, fingerprint=fingerprint)


def a_receipt(fingerprint: bytes) -> Add:
    return lambda tx: put_receipt(tx, AT, fingerprint=fingerprint)


def a_raise(tx: Transaction) -> None:
    """Move the head from where nobody ever wrote it."""
    raise_version(tx, NO_HEAD, name="program")


def a_move(revision: int) -> Add:
    """Move the head from a revision of it."""
    head = Head({"program": revision}, revision, zone_fixed=False)
    return lambda tx: raise_version(tx, head, name="program")


WRONG: Final = {
    "a version of the settings that another wrote": Wrong(
        a_document(b"two"), Stale, (a_document(b"one"),)
    ),
    "the same version again": Wrong(a_document(b"one"), Replayed, (a_document(b"one"),)),
    "a request again": Wrong(a_receipt(b"one"), Replayed, (a_receipt(b"one"),)),
    "another request under its key": Wrong(a_receipt(b"two"), KeyReused, (a_receipt(b"one"),)),
    "an audit row in the place of another": Wrong(a_row, Contended, (a_row,)),
    "a second first head": Wrong(a_raise, Moved, (a_raise,)),
    "a head moved from a revision that is gone": Wrong(a_move(1), Moved, (a_raise, a_move(1))),
    "a head moved from a revision to come": Wrong(a_move(2), Moved, (a_raise,)),
    "a head moved that nobody wrote": Wrong(a_move(1), Contended),
    "a zone fixed on a first head that has moved": Wrong(
        lambda tx: fix_zone(tx, NO_HEAD), Moved, (a_raise,)
    ),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_plan_is_refused_by_the_table(name: str) -> None:
    refused(WRONG[name])


def wrong_tries(times: int, *, after: float = 0) -> None:
    work = replace(WORK, now=NOW + timedelta(seconds=after))
    for _ in range(times):
        count_wrong_try(work, LIMIT, caller="till")


def instants() -> list[str]:
    """Return what stands of the tries, in the order of their instants."""
    (counter,) = of_sort("T")
    return sorted(at["N"] for at in counter["n"]["M"].values())


@pytest.mark.usefixtures("table")
def test_wrong_tries_are_counted_up_to_the_limit_and_not_past_it() -> None:
    wrong_tries(1)
    refuse_if_spent(WORK, LIMIT, caller="till")
    wrong_tries(1)
    with pytest.raises(TooMany):
        wrong_tries(1)
    with pytest.raises(TooMany):
        refuse_if_spent(WORK, LIMIT, caller="till")
    assert len(instants()) == 2


@pytest.mark.usefixtures("table")
def test_a_try_counts_from_its_own_instant_and_not_by_the_clocks_minute() -> None:
    wrong_tries(1)
    wrong_tries(1, after=59.5)
    wrong_tries(1, after=60)
    with pytest.raises(TooMany) as told:
        wrong_tries(1, after=60)
    assert told.value.facts == {"retry_after_seconds": 60}
    assert len(instants()) == 2


@pytest.mark.usefixtures("table")
def test_a_counter_is_removed_a_day_after_its_last_try_has_ceased_to_count() -> None:
    wrong_tries(1)
    wrong_tries(1, after=7)
    (counter,) = of_sort("T")
    told = columns((counter["p"]["S"], counter["s"]["S"]), "t")
    assert told == {"t": int(NOW.timestamp()) + 7 + 60 + KEPT_SECONDS}


@pytest.mark.usefixtures("table")
def test_a_lost_reply_does_not_count_the_last_try_twice() -> None:
    wrong_tries(1)
    with faults({0: Fault.LOST}, only="UpdateItem"):
        wrong_tries(1)
    assert len(instants()) == 2


@pytest.mark.usefixtures("table")
def test_a_try_that_another_overtakes_is_counted_beside_it_up_to_the_limit() -> None:
    overtaken = {0: lambda: wrong_tries(1)}
    with faults(overtaken, only="UpdateItem"):
        wrong_tries(1)
    assert len(instants()) == 2
    erase(of_sort("T")[0]["p"]["S"], "T")
    wrong_tries(1)
    with faults(overtaken, only="UpdateItem"), pytest.raises(TooMany):
        wrong_tries(1)
    assert len(instants()) == 2
