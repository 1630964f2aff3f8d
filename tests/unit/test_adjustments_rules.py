"""Which corrections may be asked for, at the edge of every limit, and how long points last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from chalicelib.kernel.errors import InvalidFields, KeyInvalid
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.ledger.adjustments.rules import (
    TEXT_CHARS_MAX,
    refuse_invalid,
)
from chalicelib.program.documents.model import Program
from chalicelib.program.documents.rules import expiry_of
from tests.builders import MEMBER_ID, TODAY

FINE: Final = Adjustment(MEMBER_ID, 5, "Goodwill", "lin", "k-1")
POINTS: Final = (
    "an adjustment is of 1 to 1000000000000 points, more or less",
    "应为增加或减少 1 至 1000000000000 积分",
)
REASON: Final = ("reason has 1 to 200 printable characters", "应为 1 至 200 个可打印字符")
BY: Final = ("by has 1 to 200 printable characters", "应为 1 至 200 个可打印字符")
FIT: Final[dict[str, dict[str, object]]] = {
    "one point": {"points": 1},
    "one point less": {"points": -1},
    "the most": {"points": POINTS_MAX},
    "the most less": {"points": -POINTS_MAX},
    "one character": {"reason": "x", "by": "y"},
    "as many characters as there may be": {"reason": "因" * 200, "by": "x" * 200},
    "the longest key": {"key": "k" * 64},
}
UNFIT: Final[dict[str, tuple[dict[str, object], str, tuple[str, str]]]] = {
    "no points": ({"points": 0}, "/points", POINTS),
    "a point too many": ({"points": POINTS_MAX + 1}, "/points", POINTS),
    "a point too few": ({"points": -POINTS_MAX - 1}, "/points", POINTS),
    "no reason": ({"reason": ""}, "/reason", REASON),
    "a blank reason": ({"reason": "  "}, "/reason", REASON),
    "a reason too long": ({"reason": "x" * 201}, "/reason", REASON),
    "a reason of two lines": ({"reason": "a\nb"}, "/reason", REASON),
    "nobody": ({"by": ""}, "/by", BY),
    "somebody blank": ({"by": " "}, "/by", BY),
    "somebody too long": ({"by": "x" * 201}, "/by", BY),
    "somebody unprintable": ({"by": "a\x00"}, "/by", BY),
    "all of it": ({"points": 0, "reason": "", "by": "", "key": ""}, "/points", POINTS),
    "reason before by": ({"reason": "", "by": "", "key": ""}, "/reason", REASON),
    "by before the key": ({"by": "", "key": ""}, "/by", BY),
}


def asked(fields: dict[str, object]) -> Adjustment:
    """Return a correction that is fine but for these fields."""
    return replace(FINE, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FIT)
def test_what_lies_at_the_limit_may_be_asked_for(name: str) -> None:
    refuse_invalid(asked(FIT[name]))


@pytest.mark.parametrize("name", UNFIT)
def test_what_lies_past_a_limit_is_refused_at_its_field_in_both_languages(name: str) -> None:
    fields, pointer, (english, chinese) = UNFIT[name]
    with pytest.raises(InvalidFields) as refused:
        refuse_invalid(asked(fields))
    assert refused.value.told("en") == {"errors": [{"pointer": pointer, "detail": english}]}
    assert refused.value.told("zh-CN") == {"errors": [{"pointer": pointer, "detail": chinese}]}


def test_a_reason_is_as_long_as_a_sentence() -> None:
    assert TEXT_CHARS_MAX == 200


@pytest.mark.parametrize("key", ["", "k" * 65, "a b", "键", "k\n"])
def test_a_deed_has_a_name_that_anybody_can_say_again(key: str) -> None:
    with pytest.raises(KeyInvalid):
        refuse_invalid(asked({"key": key}))


def test_points_given_by_hand_last_as_long_as_everybodys() -> None:
    program = Program(validity_months={"basic": 3, "silver": 36, "gold": 60})
    assert expiry_of(TODAY, program) == date(2027, 2, 28)
    assert expiry_of(TODAY, Program()) == date(2028, 11, 30)
