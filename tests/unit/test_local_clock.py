"""The moved clock understands durations of a fixed length and tells every process the same."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from infra.local.moved import OFFSET_MAX, Offset, duration


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("P30D", timedelta(days=30)),
        ("P2W", timedelta(weeks=2)),
        ("PT1H", timedelta(hours=1)),
        ("PT90M", timedelta(minutes=90)),
        ("PT5S", timedelta(seconds=5)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("P0D", timedelta()),
    ],
)
def test_a_duration_of_a_fixed_length_is_understood(text: str, meant: timedelta) -> None:
    assert duration(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "30D", "P30", "P-1D", "-P1D", "+P1D", "P1M", "P1Y", "P1Y2D"),
        *("P1W2D", "PT1.5H", "P1,5D", "p1d", "P 1D", "P1D\n", "PT1M1H", "1 day", "P١D"),
        "P1000000D",
    ],
)
def test_any_other_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as P30D.*months and years"):
        duration(text)


def test_the_clock_starts_where_the_machines_is(tmp_path: Path) -> None:
    assert Offset(tmp_path / "clock.json").read() == timedelta()


def test_a_move_is_seen_by_every_reader_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    one, other = Offset(path), Offset(path)
    assert other.read() == timedelta()
    one.advance(timedelta(days=1))
    assert (one.read(), other.read()) == (timedelta(days=1), timedelta(days=1))
    other.advance(timedelta(hours=1))
    assert (one.read(), other.read()) == (timedelta(hours=25), timedelta(hours=25))
    assert Offset(path).read() == timedelta(hours=25)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_move_is_lost_when_several_move_at_once(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: Offset(path).advance(timedelta(minutes=1)), range(64)))
    assert Offset(path).read() == timedelta(minutes=64)


def test_the_clock_runs_a_hundred_years_ahead_and_no_more(tmp_path: Path) -> None:
    offset = Offset(tmp_path / "clock.json")
    offset.advance(OFFSET_MAX)
    with pytest.raises(ValueError, match="days ahead"):
        offset.advance(timedelta(seconds=1))
    with pytest.raises(ValueError, match="days ahead"):
        offset.advance(duration("P999999W"))
    assert offset.read() == OFFSET_MAX
