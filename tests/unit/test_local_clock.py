"""The moved clock understands durations forwards and tells every process the same."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.kernel.clock import end_of_month_after
from chalicelib.program.documents.views import MONTHS_MAX
from chalicelib.storage.dates import day_of_key, key_of_day
from infra.local.moved import CLOCK_END, Duration, Offset, duration


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
    assert duration(text) == Duration(0, meant)


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2027-01-31T22:00:00", "P1M", "2027-02-28T22:00:00"),
        ("2028-01-31T22:00:00", "P1M", "2028-02-29T22:00:00"),
        ("2027-12-15T00:00:00", "P1M", "2028-01-15T00:00:00"),
        ("2028-02-29T01:02:03", "P1Y", "2029-02-28T01:02:03"),
        ("2027-01-31T00:00:00", "P1M1D", "2027-03-01T00:00:00"),
        ("2026-11-21T08:00:00", "P2Y2M10DT3H", "2029-01-31T11:00:00"),
        ("2026-11-21T08:00:00", "P1MT1M", "2026-12-21T08:01:00"),
        ("2026-11-21T08:00:00", "P18M", "2028-05-21T08:00:00"),
    ],
)
def test_months_and_years_are_counted_on_the_calendar(start: str, text: str, end: str) -> None:
    assert duration(text).after(datetime.fromisoformat(start)) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "30D", "P30", "P-1D", "-P1D", "+P1D", "-P1M", "P-1Y", "P1M1Y"),
        *("P1W2D", "P1Y1W", "PT1.5H", "P1,5D", "p1d", "P 1D", "P1D\n", "PT1M1H", "1 day", "P١D"),
        *("P1000000D", "P1000Y", "P1D1M"),
    ],
)
def test_any_other_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as P30D, P1M"):
        duration(text)


def test_the_clock_starts_where_the_machines_is(tmp_path: Path) -> None:
    assert Offset(tmp_path / "clock.json").read() == timedelta()


def test_a_move_is_seen_by_every_reader_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    one, other = Offset(path), Offset(path)
    assert other.read() == timedelta()
    one.advance(duration("P1D"))
    assert (one.read(), other.read()) == (timedelta(days=1), timedelta(days=1))
    other.advance(duration("PT1H"))
    assert (one.read(), other.read()) == (timedelta(hours=25), timedelta(hours=25))
    assert Offset(path).read() == timedelta(hours=25)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_move_is_lost_when_several_move_at_once(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: Offset(path).advance(duration("PT1M")), range(64)))
    assert Offset(path).read() == timedelta(minutes=64)


class Standing:
    """A machine's clock that stands still."""

    def __init__(self, instant: str) -> None:
        self._instant = datetime.fromisoformat(instant).replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the instant at which it stands."""
        return self._instant


def test_a_month_counts_from_where_the_moved_clock_stands(tmp_path: Path) -> None:
    offset = Offset(tmp_path / "clock.json", Standing("2026-12-01T00:00:00"))
    offset.advance(duration("P61D"))
    offset.advance(duration("P1M"))
    assert offset.read() == datetime(2027, 2, 28) - datetime(2026, 12, 1)  # noqa: DTZ001 - days


def test_the_clock_runs_to_the_end_of_2085_and_no_further(tmp_path: Path) -> None:
    beneath = Standing("2026-11-21T08:00:00")
    offset = Offset(tmp_path / "clock.json", beneath)
    for too_far in (
        "P60Y",
        "P59Y1M11D",
        "P99999W",
        "P999Y9999M999999DT9999999H999999999M999999999S",
    ):
        with pytest.raises(ValueError, match="the end of 2085"):
            offset.advance(duration(too_far))
    assert offset.read() == timedelta()
    offset.advance(duration("P59Y1M10DT15H59M59S"))
    assert beneath.now() + offset.read() == datetime(2085, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(ValueError, match="the end of 2085"):
        offset.advance(duration("PT1S"))


def test_dates_of_points_that_live_longest_fit_at_the_clocks_end() -> None:
    last = end_of_month_after(CLOCK_END.date(), MONTHS_MAX)
    assert day_of_key(key_of_day(last)) == last
