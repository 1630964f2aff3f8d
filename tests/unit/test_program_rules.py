"""What the program's settings are, what may change in them, and who reports for which channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest

from chalicelib.kernel.errors import Forbidden, InvalidFields
from chalicelib.program.documents.model import DEFAULTS, Longer, Program
from chalicelib.program.documents.rules import (
    ZoneFixed,
    channel_of,
    expiry_of,
    held_since,
    in_force,
    is_zone,
    refuse_zone_change,
    with_validity,
)
from tests.builders import NOW

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
ELSEWHERE = replace(DEFAULTS, zone="Europe/Paris")


def test_the_defaults_are_those_of_the_rules() -> None:
    assert (DEFAULTS.zone, DEFAULTS.currency) == ("Asia/Shanghai", "cny")
    assert DEFAULTS.languages == ("zh-CN", "en")
    assert (DEFAULTS.points_per_unit, DEFAULTS.worth_points) == (1, 100)
    assert DEFAULTS.validity_months == {"basic": 24, "silver": 36, "gold": 60}
    assert DEFAULTS.channels == {}


def test_the_zone_cannot_change_once_a_member_exists() -> None:
    with pytest.raises(ZoneFixed):
        refuse_zone_change(DEFAULTS, ELSEWHERE, zone_fixed=True)


def test_the_zone_changes_before_that_and_everything_else_after_it_too() -> None:
    refuse_zone_change(DEFAULTS, ELSEWHERE, zone_fixed=False)
    refuse_zone_change(DEFAULTS, replace(DEFAULTS, points_per_unit=2), zone_fixed=True)


@pytest.mark.parametrize("name", ["Asia/Shanghai", "UTC", "America/Argentina/Ushuaia"])
def test_a_zone_is_a_name_of_the_database(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize("name", ["", "Asia", "asia/shanghai", "../etc/passwd", "+08:00", "/UTC"])
def test_anything_else_is_no_zone(name: str) -> None:
    assert not is_zone(name)


def test_a_client_reports_for_the_channel_that_the_document_gives_it() -> None:
    program = replace(DEFAULTS, channels={"client-1": "store-1"})
    assert channel_of(program, "client-1") == "store-1"
    with pytest.raises(Forbidden):
        channel_of(program, "store-1")


def versions(*days: int) -> dict[int, Program]:
    """Return versions that hold since so many days after `NOW`; the defaults are among them."""
    written = {n: replace(DEFAULTS, version=n, since=NOW + DAY * d) for n, d in enumerate(days, 1)}
    return {0: DEFAULTS, **written}


@pytest.mark.parametrize("count", range(9))
def test_the_version_in_force_is_the_last_that_began_by_then(count: int) -> None:
    kept = versions(*range(count))
    for at in range(-1, count + 1):
        for off, held in ((timedelta(), at + 1), (-MICROSECOND, at)):
            found = in_force(kept[count], NOW + DAY * at + off, read=kept.__getitem__)
            assert found.version == max(0, min(held, count))


def test_versions_of_one_instant_are_replaced_by_the_last() -> None:
    kept = versions(0, 0, 0, 1)
    assert in_force(kept[4], NOW, read=kept.__getitem__).version == 3


def test_few_versions_are_read_however_many_there_are() -> None:
    kept, read = versions(*range(1_000)), list[int]()

    def reads(number: int) -> Program:
        read.append(number)
        return kept[number]

    assert in_force(kept[1_000], NOW + DAY * 41, read=reads).version == 42
    assert len(read) <= 11
    read.clear()
    assert in_force(kept[1_000], NOW + DAY * 999, read=reads).version == 1_000
    assert read == []


def test_a_version_begins_now_and_never_before_the_one_that_it_replaces() -> None:
    assert held_since(DEFAULTS, NOW) == NOW
    before = replace(DEFAULTS, version=1, since=NOW)
    assert held_since(before, NOW + DAY) == NOW + DAY
    assert held_since(before, NOW - MICROSECOND) == NOW


def valid(months: int) -> Program:
    """Return settings as an operator sends them, with another validity."""
    return replace(DEFAULTS, validity_months={"basic": months, "silver": 36, "gold": 60})


DAY_OF_CHANGE: Final = date(2027, 5, 7)
LATER: Final = date(2027, 6, 5)
GIVEN: Final = Longer(DAY_OF_CHANGE, date(2029, 5, 31), 12, DAY_OF_CHANGE)
LONGER: Final = with_validity(DEFAULTS, valid(36), today=DAY_OF_CHANGE)


def test_a_longer_validity_counts_for_points_that_members_have() -> None:
    assert (LONGER.longer, LONGER.shortened_on) == ((GIVEN,), None)


def test_a_shorter_validity_counts_for_points_to_come() -> None:
    after = with_validity(DEFAULTS, valid(23), today=DAY_OF_CHANGE)
    assert (after.longer, after.shortened_on) == ((), DAY_OF_CHANGE)


def test_what_longer_validities_gave_stays_whatever_else_is_changed() -> None:
    for today in (DAY_OF_CHANGE, LATER):
        after = with_validity(LONGER, replace(valid(36), points_per_unit=2), today=today)
        assert (after.longer, after.shortened_on) == ((GIVEN,), None)


def test_a_longer_validity_that_is_taken_back_the_same_day_counts_for_nothing() -> None:
    mistaken = with_validity(DEFAULTS, valid(120), today=DAY_OF_CHANGE)
    assert with_validity(mistaken, valid(24), today=DAY_OF_CHANGE).longer == ()
    assert with_validity(mistaken, valid(36), today=DAY_OF_CHANGE) == LONGER
    shorter = with_validity(mistaken, valid(12), today=DAY_OF_CHANGE)
    assert (shorter.longer, shorter.shortened_on) == ((), DAY_OF_CHANGE)


def test_a_shorter_one_is_refused_while_new_points_would_end_among_longer_ones() -> None:
    """What is booked on 5 June for 24 months ends in June 2029; those of May end in May."""
    assert with_validity(LONGER, valid(24), today=LATER).longer == (GIVEN,)
    with pytest.raises(InvalidFields) as refused:
        with_validity(LONGER, valid(23), today=LATER)
    told = {
        "pointer": "/validity_months/basic",
        "detail": "at least 24 today: points that end through 2029-05-31 were made to last longer",
    }
    assert refused.value.facts == {"errors": [told]}


def test_a_mistake_that_is_taken_back_gives_a_year_to_no_more_than_a_month_of_points() -> None:
    mistaken = with_validity(DEFAULTS, valid(12), today=DAY_OF_CHANGE)
    mended = with_validity(mistaken, valid(24), today=date(2027, 5, 9))
    assert mended.longer == (Longer(date(2028, 5, 31), date(2028, 5, 31), 12, date(2027, 5, 9)),)


def test_a_second_longer_validity_counts_for_all_that_members_have_by_then() -> None:
    second = with_validity(LONGER, valid(48), today=LATER)
    assert second.longer == (GIVEN, Longer(LATER, date(2030, 6, 30), 12, LATER))


def test_points_last_as_long_as_the_longest_of_the_settings_that_concern_them() -> None:
    assert expiry_of(LATER, DEFAULTS) == date(2029, 6, 30)
    assert expiry_of(LATER, DEFAULTS, LONGER) == expiry_of(LATER, LONGER, DEFAULTS)
    assert expiry_of(LATER, DEFAULTS, LONGER) == date(2030, 6, 30)
