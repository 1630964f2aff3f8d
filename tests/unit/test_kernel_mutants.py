"""The words that everybody shares, to the letter: what they are stays so for ever.

Ids, digests and cursors stand in tables and in other people's systems, so their values are written
out here: whoever changes how they are made changes what is found again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

import pytest

from chalicelib.kernel.clock import MovedClock, SystemClock, end_of_month_after, rfc3339, start_of
from chalicelib.kernel.errors import Contended, InvalidFields, TooLarge, Unavailable
from chalicelib.kernel.ids import (
    base62,
    child_id,
    digest62,
    keyed_digest,
    member_id_of,
    member_within,
    random_id,
    random_token,
)
from chalicelib.kernel.money import MONEY_MAX, Money
from chalicelib.kernel.pages import seal, unseal
from chalicelib.outreach.privacy.rules import OrdersOpen

SECRET: Final = b"secret"
NOON: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)


class Ones:
    """Dice that show every bit."""

    def getrandbits(self, k: int, /) -> int:
        """Return as many ones as asked."""
        return (1 << k) - 1

    def random(self) -> float:
        """Return the middle."""
        return 0.5


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine stand where it is never UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("number", "digits"),
    [(0, "000"), (61, "00z"), (62, "010"), (62**3 - 1, "zzz"), (62**3, "000")],
)
def test_digits_are_big_endian_and_the_lowest_ones(number: int, digits: str) -> None:
    assert base62(number, 3) == digits


def test_digests_know_where_a_part_ends() -> None:
    assert digest62(("a", "bc"), 11) == "jGrgERdcJn8"
    assert digest62(("ab", "c"), 11) == "mec8QXCCw8j"


def test_a_keyed_digest_is_that_of_its_purpose_and_message() -> None:
    told = keyed_digest(SECRET, purpose="cursor", message="m").hex()
    assert told == "a2c48da52fb322c58781ef2dcd5d62efd8b907e1250b30e50908d41d3e7585dc"


def test_ids_are_what_they_have_always_been() -> None:
    assert member_id_of(SECRET, "lin") == "mem_wyp5pWVCtRl"
    order = child_id("ord", "mem_0123456789A", route="POST /orders", key="k")
    assert order == "ord_0123456789A4v2myak0l"
    assert member_within(order) == "mem_0123456789A"


def test_random_names_have_all_their_bits() -> None:
    assert random_id("rwd", Ones()) == "rwd_k9n8mt7Fhc7"
    assert random_id("x", Ones(), chars=3) == "x_hc7"
    assert random_token(Ones()) == "f" * 32


def test_a_cursor_gives_its_position_back_to_its_own_query() -> None:
    cursor = seal(SECRET, query="q", position="pos\n中")
    assert cursor == "cG9zCuS4rXtlZF29jUDnOT2s2-T0_co"
    assert unseal(SECRET, query="q", cursor=cursor) == "pos\n中"


@pytest.mark.parametrize("chars", range(21))
def test_a_cursor_of_any_length_gives_its_position_back(chars: int) -> None:
    """Four characters hold three bytes, so every remainder is padded by its own count."""
    position = "0" * chars
    cursor = seal(SECRET, query="q", position=position)
    assert unseal(SECRET, query="q", cursor=cursor) == position


def test_a_cursor_loses_nothing_at_its_end_but_padding() -> None:
    assert seal(SECRET, query="q", position="20") == "MjBzBVdIW0XZXXhYLOFgAMxX"


@pytest.mark.parametrize(
    ("query", "cursor"),
    [
        ("p", "cG9zCuS4rXtlZF29jUDnOT2s2-T0_co"),
        ("q", "cG9zCuS4rXtlZF29jUDnOT2s2-T0_cp"),
        ("q", "cG9zCuS4rXtlZF29jUDnOT2s2-T0_co="),
        ("q", "_____________________________w"),
        ("q", "a"),
        ("q", "中"),
        ("q", ""),
    ],
)
def test_any_other_cursor_is_an_invalid_field_in_both_languages(query: str, cursor: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        unseal(SECRET, query=query, cursor=cursor)
    assert refused.value.told("en") == {
        "errors": [{"pointer": "/cursor", "detail": "not a cursor of this list"}]
    }
    assert refused.value.told("zh-CN") == {
        "errors": [{"pointer": "/cursor", "detail": "不是本列表的游标"}]
    }


def test_errors_that_are_in_the_language_of_the_caller_are_told_as_they_are() -> None:
    refused = InvalidFields(errors=[{"pointer": "/a", "detail": "否"}])
    assert refused.told("zh-CN") == {"errors": [{"pointer": "/a", "detail": "否"}]}


def test_a_sentence_holds_the_facts_in_the_language_asked_for() -> None:
    refused = TooLarge(bytes_max=7)
    assert refused.sentence("en") == "The request is too large: at most 7 bytes."
    assert refused.sentence("zh-CN") == "请求过大：最多 7 字节。"
    assert refused.args == ("too_large",)
    names = OrdersOpen(orders=["ord_1", "ord_2"]), OrdersOpen(orders=[])
    assert [one.sentence("en").partition("Orders: ")[2] for one in names] == [
        "ord_1, ord_2.",
        "none.",
    ]
    assert [one.sentence("zh-CN").partition("订单：")[2] for one in names] == [
        "ord_1、ord_2。",
        "无。",
    ]


def test_whoever_is_sent_away_is_told_for_how_long() -> None:
    assert Unavailable().facts == {"retry_after_seconds": 1}
    assert Contended(retry_after_seconds=9).facts == {"retry_after_seconds": 9}


def test_a_moved_clock_runs_ahead_of_the_one_beneath() -> None:
    class Noon:
        """A clock that stands."""

        def now(self) -> datetime:
            """Return noon."""
            return NOON

    offset = timedelta(days=1)
    moved = MovedClock(lambda: offset, Noon())
    assert moved.now() == NOON + timedelta(days=1)
    offset = timedelta(days=2)
    assert moved.now() == NOON + timedelta(days=2)


def test_a_moved_clock_stands_on_the_machines_own() -> None:
    before = SystemClock().now()
    assert before <= MovedClock(timedelta).now() <= datetime.now(UTC)
    assert before.tzinfo is UTC


@pytest.mark.usefixtures("elsewhere")
def test_instants_are_told_in_utc_wherever_the_machine_stands() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert rfc3339(datetime(2026, 11, 21, 12, 0, 0, 5, shanghai)) == "2026-11-21T04:00:00.000005Z"
    start = start_of(date(2026, 11, 21), "Asia/Shanghai")
    assert start.isoformat() == "2026-11-20T16:00:00+00:00"


def test_the_last_day_of_a_month_is_found_over_the_years_end() -> None:
    assert end_of_month_after(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert end_of_month_after(date(2026, 12, 1), 0) == date(2026, 12, 31)
    assert end_of_month_after(date(2026, 11, 21), 14) == date(2028, 1, 31)


def test_whole_units_of_the_most_money_are_exact() -> None:
    assert Money(MONEY_MAX - 1, "cny").whole_units() == MONEY_MAX // 100 - 1
