"""What the program's settings are, what may change in them, and who reports for which channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.kernel.errors import Forbidden
from chalicelib.program.documents.model import DEFAULTS
from chalicelib.program.documents.rules import (
    ZoneFixed,
    channel_of,
    is_zone,
    refuse_zone_change,
)

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
