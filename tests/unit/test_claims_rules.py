"""How a claim code is read, and what a claim is worth after refunds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.money import MINOR_DIGITS, MONEY_MAX, Money
from chalicelib.program.documents.model import DEFAULTS
from chalicelib.tiers.claims.rules import (
    AlreadyClaimed,
    ClaimExpired,
    explain_claim,
    refuse_claim,
    typed,
)
from chalicelib.tiers.earning.model import Claim, Purchase
from chalicelib.tiers.earning.rules import CROCKFORD
from chalicelib.tiers.judging.model import Judgement
from chalicelib.tiers.judging.rules import worth

NOW: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)
THROUGH: Final = date(2026, 12, 21)
CODE: Final = "7KQ49XVR0B3MTZ81"
PAID: Final = Money(12850, "cny")


def a_purchase(paid: int = 12850, *, currency: str = "cny", refunded: int = 0) -> Purchase:
    return Purchase(
        channel="store-1",
        purchase_id="p-1",
        member_id=None,
        paid=Money(paid, currency),
        refunded=refunded,
        occurred_at=NOW,
        program_version=0,
        points=0,
        debt_paid=0,
        expires_on=None,
        claim=Claim(THROUGH),
    )


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "7kq49xvr0b3mtz81",
        "7KQ4-9XVR-0B3M-TZ81",
        " 7kq4 9xvr ob3m tz8l ",
        "7KQ49XVRoB3MTZ8i",
        "7KQ49XVROB3MTZ8I",
        "-7-K-Q-4-9-X-V-R-O-B-3-M-T-Z-8-L-",
    ],
)
def test_case_spaces_hyphens_and_lookalikes_do_not_matter(text: str) -> None:
    assert typed(text) == CODE


@given(st.text(CROCKFORD, min_size=16, max_size=16))
def test_a_code_as_it_was_given_is_read_as_it_is(code: str) -> None:
    assert typed(code) == code
    assert typed(code.lower()) == code


@pytest.mark.parametrize("text", ["u", "ı", "ſ", "Ｏ", "0\n", "0\u00a0", "0_"])
def test_nothing_else_is_read_kindly(text: str) -> None:
    assert typed(text) not in {"", "0", "1", "5"}


def test_a_purchase_can_be_claimed_through_its_last_day() -> None:
    refuse_claim(a_purchase(), THROUGH)
    with pytest.raises(ClaimExpired) as refusal:
        refuse_claim(a_purchase(), THROUGH + timedelta(days=1))
    assert refusal.value.facts == {"through": "2026-12-21"}


def test_what_was_claimed_stays_so_however_late_it_is() -> None:
    claimed = replace(a_purchase(), member_id="mem_00000000001")
    for today in (THROUGH, THROUGH + timedelta(days=1)):
        with pytest.raises(AlreadyClaimed):
            refuse_claim(claimed, today)


def test_a_claim_explains_what_was_refunded_before_it() -> None:
    base, less = explain_claim(Judgement(DEFAULTS, PAID), refunded=5_000, booked_on=None)
    assert (base.rule, base.points) == ("base", 128)
    assert (less.rule, less.points) == ("refunded", -50)
    assert less.sentence("en") == "¥50.00 was refunded before the claim: 50 points less."
    assert less.sentence("zh-CN") == "认领前已退款 ¥50.00：减少 50 积分。"


def test_a_claim_without_refunds_is_explained_like_its_purchase() -> None:
    lines = explain_claim(Judgement(DEFAULTS, PAID), refunded=0, booked_on=None)
    assert [line.rule for line in lines] == ["base"]


@given(
    st.integers(0, MONEY_MAX),
    st.integers(0, MONEY_MAX),
    st.integers(0, 1000),
    st.sampled_from(sorted(MINOR_DIGITS)),
)
def test_the_lines_of_a_claim_add_up_to_its_points(
    paid: int, refunded: int, rate: int, currency: str
) -> None:
    refunded = min(paid, refunded)
    program = replace(DEFAULTS, points_per_unit=rate, currency=currency)
    judgement = Judgement(program, Money(paid, currency))
    lines = explain_claim(judgement, refunded=refunded, booked_on=None)
    assert sum(line.points for line in lines) == worth(judgement, left=paid - refunded)
