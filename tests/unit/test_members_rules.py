"""Who may join, and the codes that tills read."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.errors import InvalidFields
from chalicelib.ledger.members.model import Enrolment
from chalicelib.ledger.members.rules import (
    CODE_PATTERN,
    PHONE_PATTERN,
    member_shown,
    refuse_birthday,
    till_code,
)
from tests.builders import MEMBER_ID, NOW, TODAY, YESTERDAY

SECRET = b"a secret of the tests, longer than 32 bytes"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("birthday", [None, YESTERDAY, date(1900, 1, 1), date(2000, 2, 29)])
def test_a_birthday_is_a_day_of_the_past(birthday: date | None) -> None:
    refuse_birthday(birthday, TODAY)


@pytest.mark.parametrize("birthday", [TODAY, TODAY + timedelta(days=1), date(1899, 12, 31)])
def test_a_birthday_of_today_or_of_nobody_alive_is_refused(birthday: date) -> None:
    with pytest.raises(InvalidFields) as refused:
        refuse_birthday(birthday, TODAY)
    assert refused.value.facts["errors"][0]["pointer"] == "/birthday"  # type: ignore[index]


@pytest.mark.parametrize("phone", ["+8613800000001", "+2901234", "+123456789012345"])
def test_a_phone_is_a_plus_and_seven_to_fifteen_digits(phone: str) -> None:
    assert re.fullmatch(PHONE_PATTERN, phone)


@pytest.mark.parametrize(
    "phone",
    [
        "13800000001",
        "008613800000001",
        "+0613800000001",
        "+86 13800000001",
        "+86-13800000001",
        "+123456",
        "+1234567890123456",
        "+٨٦١٣٨٠٠٠٠٠٠٠٠١",
        "",
    ],
)
def test_anything_else_is_no_phone(phone: str) -> None:
    assert not re.fullmatch(PHONE_PATTERN, phone)


def test_an_enrolment_names_what_was_told_and_nothing_of_it() -> None:
    told = Enrolment(name="Lin", birthday=YESTERDAY)
    assert told.told() == ("name", "birthday")


@given(st.integers(0, 119_999_999))
def test_a_code_is_accepted_in_its_own_minute_and_the_one_after(later: int) -> None:
    made = NOW + timedelta(seconds=17)
    shown = till_code(SECRET, MEMBER_ID, at=made)
    start = NOW
    at = start + timedelta(microseconds=later)
    assert shown.expires_at == start + 2 * MINUTE
    assert member_shown(SECRET, shown.code, at=at) == MEMBER_ID


@pytest.mark.parametrize("at", [NOW - SECOND, NOW - MINUTE])
def test_a_code_is_refused_before_its_minute(at: datetime) -> None:
    assert member_shown(SECRET, till_code(SECRET, MEMBER_ID, at=NOW).code, at=at) is None


def test_a_code_is_refused_from_its_end_on() -> None:
    shown = till_code(SECRET, MEMBER_ID, at=NOW)
    end = shown.expires_at
    assert member_shown(SECRET, shown.code, at=end - SECOND) == MEMBER_ID
    assert member_shown(SECRET, shown.code, at=end) is None


def test_a_code_changes_with_the_minute_the_member_and_the_secret() -> None:
    codes = {
        till_code(SECRET, MEMBER_ID, at=NOW).code,
        till_code(SECRET, MEMBER_ID, at=NOW + MINUTE).code,
        till_code(SECRET, "mem_0Ab1Cd2Ef3H", at=NOW).code,
        till_code(b"another secret, longer than 32 bytes", MEMBER_ID, at=NOW).code,
    }
    assert len(codes) == 4
    assert all(CODE_PATTERN.fullmatch(code) for code in codes)
    assert till_code(SECRET, MEMBER_ID, at=NOW + 59 * SECOND).code in codes


@pytest.mark.parametrize("place", range(20))
def test_a_code_with_one_other_character_is_nobodys(place: int) -> None:
    code = till_code(SECRET, MEMBER_ID, at=NOW).code
    other = "x" if code[place] != "x" else "y"
    forged = code[:place] + other + code[place + 1 :]
    assert member_shown(SECRET, forged, at=NOW) is None


@given(st.text(max_size=40))
def test_whatever_a_till_scans_is_read_without_failing(text: str) -> None:
    assert member_shown(SECRET, text, at=NOW) is None
