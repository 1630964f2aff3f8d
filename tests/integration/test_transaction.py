"""The Transaction on a real engine: what it refuses, retries, looks up, and says."""

from __future__ import annotations

import itertools
import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.kernel.errors import Conflict, Contended, KeyReused, Unavailable
from chalicelib.storage.reads import fetch
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, RawItem, code_of, is_transient
from chalicelib.storage.transaction import (
    BYTES_MAX,
    ITEMS_MAX,
    Moved,
    Replayed,
    Transaction,
    persist,
)
from chalicelib.storage.work import BUDGET_SECONDS, OVERTAKEN_SHARE, Work
from tests.faults import Fault, faults

LARGE = "x" * 300_000  # No bytes: they grow on their way, which is what ministack counts.
_seeds = itertools.count(7)

pytestmark = pytest.mark.usefixtures("table")


class Counter(Item):
    """A thing to write."""

    number = IntAttribute(attr_name="n", null=True)
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False, null=True)
    label = UnicodeAttribute(attr_name="l", null=True)


class Taken(Conflict):
    """Somebody else has it."""

    code = "taken"


class Time:
    """A clock that only pauses and lost calls move."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.seconds += seconds
        self.pauses.append(seconds)

    def elapsed(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def work(time: Time) -> Work:
    instant = datetime(2026, 11, 21, tzinfo=UTC)
    # Client tokens must differ between tests: the engine remembers them.
    return Work(instant, random.Random(next(_seeds)), pause=time.pause, elapsed=time.elapsed)


def put(tx: Transaction, name: str, *, number: int = 1, fingerprint: bytes = b"one") -> None:
    item = Counter(name, "S", number=number, fingerprint=fingerprint)
    tx.put(item, otherwise=replayed_or_reused(fingerprint))


def number_of(work: Work, name: str) -> int | None:
    item = fetch(work, Counter.named(name, "S"))
    return None if item is None else item.number


def test_all_pieces_are_written_together(work: Work) -> None:
    def attempt(tx: Transaction) -> str:
        put(tx, "a")
        put(tx, "b", number=2)
        return "done"

    assert persist(work, attempt) == "done"
    assert (number_of(work, "a"), number_of(work, "b")) == (1, 2)


def test_the_first_failed_piece_in_the_order_added_speaks(work: Work) -> None:
    persist(work, lambda tx: put(tx, "a"))

    def attempt(tx: Transaction) -> None:
        # PynamoDB sends the check first and the update last.
        tx.update(
            Counter("c", "S"),
            (Counter.number.set(1),),
            condition=Counter.number == 5,
            otherwise=lambda _: Taken(),
        )
        put(tx, "a")
        tx.check(Counter("d", "S"), condition=Counter.number == 5, otherwise=lambda _: Contended())

    with pytest.raises(Taken):
        persist(work, attempt)


def test_nothing_is_written_when_one_condition_fails(work: Work) -> None:
    persist(work, lambda tx: put(tx, "a"))

    def attempt(tx: Transaction) -> None:
        put(tx, "b")
        put(tx, "a", fingerprint=b"two")

    with pytest.raises(KeyReused):
        persist(work, attempt)
    assert number_of(work, "b") is None


def test_a_lost_compare_and_swap_goes_on_from_the_image_without_a_read(work: Work) -> None:
    persist(work, lambda tx: put(tx, "a", number=5))
    seen: list[int] = []

    def attempt(tx: Transaction) -> int:
        image = tx.image(("a", "S"))
        number = int(image["n"]["N"]) if image else 1
        seen.append(number)

        def moved(image: RawItem | None) -> Exception:
            assert image is not None
            return Moved(("a", "S"), image)

        item = Counter("a", "S", number=number + 1)
        tx.put(item, condition=Counter.number == number, otherwise=moved)
        return number + 1

    with faults() as calls:
        assert persist(work, attempt) == 6
    assert seen == [1, 5]
    assert calls.made == ["TransactWriteItems", "TransactWriteItems"]


@pytest.mark.parametrize("fault", [Fault.CONFLICT, Fault.THROTTLED, Fault.UNSENT])
def test_what_was_not_done_is_sent_again(work: Work, fault: Fault) -> None:
    with faults({0: fault, 1: fault}) as calls:
        persist(work, lambda tx: put(tx, "a"))
    assert number_of(work, "a") == 1
    assert len(calls.made) == 3


def test_a_lost_reply_is_found_to_be_our_own(work: Work) -> None:
    # An engine that remembers client tokens says done; one that does not shows the receipt.
    with faults({0: Fault.LOST}), suppress(Replayed):
        persist(work, lambda tx: put(tx, "a"))
    assert number_of(work, "a") == 1


def test_conflicts_without_end_are_told_to_come_back(work: Work, time: Time) -> None:
    with faults(dict.fromkeys(range(99), Fault.CONFLICT)), pytest.raises(Contended):
        persist(work, lambda tx: put(tx, "a"))
    assert number_of(work, "a") is None
    assert time.seconds <= BUDGET_SECONDS


def test_pauses_are_jittered_grow_and_are_capped(work: Work, time: Time) -> None:
    with faults(dict.fromkeys(range(99), Fault.CONFLICT)), pytest.raises(Contended):
        persist(work, lambda tx: put(tx, "a"))
    ceilings = [min(1.0, 0.020 * 2**tries) for tries in range(len(time.pauses))]
    assert all(pause <= ceiling for pause, ceiling in zip(time.pauses, ceilings, strict=True))
    assert len(set(time.pauses)) == len(time.pauses)


def test_whoever_is_overtaken_pauses_less_the_longer_it_has_waited(work: Work, time: Time) -> None:
    persist(work, lambda tx: put(tx, "a", number=9))

    def overtaken(tx: Transaction) -> None:
        time.seconds += 0.1
        tx.check(
            Counter("a", "S"),
            condition=Counter.number == 1,
            otherwise=lambda _: Moved(("a", "S"), {}),
        )

    with pytest.raises(Contended):
        persist(work, overtaken)
    assert max(time.pauses) <= BUDGET_SECONDS / OVERTAKEN_SHARE
    assert max(time.pauses[-5:]) < BUDGET_SECONDS / OVERTAKEN_SHARE / 4


def test_an_attempt_as_long_as_the_longest_must_still_fit(work: Work, time: Time) -> None:
    def slow(tx: Transaction) -> None:
        time.seconds += 1.4
        put(tx, "a")

    persist(work, lambda tx: put(tx, "a", number=9))

    def attempt(tx: Transaction) -> None:
        slow(tx)
        tx.check(
            Counter("b", "S"),
            condition=Counter.number == 1,
            otherwise=lambda _: Moved(("b", "S"), {}),
        )

    with pytest.raises((Contended, Replayed)):
        persist(work, attempt)
    assert time.seconds <= BUDGET_SECONDS


def test_every_reply_lost_is_looked_up_and_found(work: Work) -> None:
    plan = dict.fromkeys(range(99), Fault.UNSENT) | {0: Fault.LOST}
    with faults(plan, only="TransactWriteItems") as calls, pytest.raises(Replayed):
        persist(work, lambda tx: put(tx, "a"))
    assert len(calls.made) > 1
    assert number_of(work, "a") == 1


def test_every_send_lost_and_nothing_there_is_unavailable(work: Work) -> None:
    plan = dict.fromkeys(range(99), Fault.UNSENT)
    with faults(plan, only="TransactWriteItems"), pytest.raises(Unavailable) as refused:
        persist(work, lambda tx: put(tx, "a"))
    assert refused.value.code == "unavailable"


def test_an_outage_does_not_turn_a_change_into_somebody_elses(work: Work) -> None:
    persist(work, lambda tx: put(tx, "a", number=1))

    def change(tx: Transaction) -> None:
        tx.update(
            Counter("a", "S"),
            (Counter.number.set(2),),
            condition=Counter.number == 1,
            otherwise=lambda _: Taken(),
        )

    plan = dict.fromkeys(range(99), Fault.UNSENT)
    with faults(plan, only="TransactWriteItems"), pytest.raises(Unavailable) as refused:
        persist(work, change)
    assert refused.value.code == "unavailable"


def test_one_deadline_holds_for_everything_a_use_case_sends(work: Work, time: Time) -> None:
    hurried = replace(work, deadline=BUDGET_SECONDS)
    with faults(dict.fromkeys(range(999), Fault.THROTTLED)):
        for _ in range(3):
            with pytest.raises(Contended):
                persist(hurried, lambda tx: put(tx, "a"))
    assert time.seconds <= BUDGET_SECONDS


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_of_a_proxy_in_between_is_no_answer(status: int) -> None:
    response: Any = {"Error": {"Code": str(status), "Message": "Bad Gateway"}}
    failure = TransactWriteError("no", cause=ClientError(response, "TransactWriteItems"))
    assert code_of(failure) == ""
    assert is_transient(failure)


def test_an_empty_transaction_is_our_own_bug(work: Work) -> None:
    with pytest.raises(AssertionError, match="nothing to write"):
        persist(work, lambda _: None)


def test_the_same_key_twice_is_our_own_bug(work: Work) -> None:
    def attempt(tx: Transaction) -> None:
        put(tx, "a")
        put(tx, "a")

    with pytest.raises(AssertionError):
        persist(work, attempt)


def test_a_hundred_items_are_the_most(work: Work) -> None:
    def attempt(tx: Transaction, count: int) -> None:
        for index in range(count):
            put(tx, f"item-{index}")

    persist(work, lambda tx: attempt(tx, ITEMS_MAX))
    with pytest.raises(AssertionError, match="100"):
        persist(work, lambda tx: attempt(tx, ITEMS_MAX + 1))


def test_almost_four_megabytes_are_written_and_more_is_our_own_bug(work: Work) -> None:
    def attempt(tx: Transaction, name: str, *, items: int) -> None:
        for number in range(items):
            tx.put(Counter(f"{name}{number}", "S", label=LARGE), otherwise=lambda _: Taken())

    persist(work, lambda tx: attempt(tx, "a", items=BYTES_MAX // len(LARGE)))
    with faults() as calls, pytest.raises(AssertionError, match="more than 4 MB"):
        persist(work, lambda tx: attempt(tx, "b", items=BYTES_MAX // len(LARGE) + 1))
    assert calls.made == []
