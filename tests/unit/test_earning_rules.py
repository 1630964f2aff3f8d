"""What a purchase earns and what its refunds take back, over all amounts and all sequences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import Forbidden
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.money import MINOR_DIGITS, MONEY_MAX, WORDS, Money, written
from chalicelib.ledger.wallets.model import Lot, Lots
from chalicelib.program.documents.model import DEFAULTS, Program
from chalicelib.program.documents.rules import expiry_of
from chalicelib.tiers.earning.model import Claim, Purchase, Return, Sale
from chalicelib.tiers.earning.rules import (
    AGE_MAX,
    AHEAD_MAX,
    CODE_CHARS,
    CROCKFORD,
    CurrencyNotSupported,
    OccurredAtOutOfRange,
    RefundExceedsPurchase,
    claim_code,
    claimable_through,
    clawed_back,
    fingerprint_of,
    named,
    refuse_currency,
    refuse_other_channel,
    refuse_unearnable,
    taken_from_claim,
)
from chalicelib.tiers.judging.model import Judgement
from chalicelib.tiers.judging.rules import explain, points_for, worth

NOW: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)
"""The day of `NOW` in Shanghai."""
MICROSECOND: Final = timedelta(microseconds=1)
amounts = st.integers(0, MONEY_MAX)
rates = st.integers(1, 1000)
currencies = st.sampled_from(sorted(MINOR_DIGITS))


def a_program(*, rate: int = 1, currency: str = "cny", zone: str = "Asia/Shanghai") -> Program:
    return replace(DEFAULTS, points_per_unit=rate, currency=currency, zone=zone)


def a_judgement(paid: int, *, rate: int = 1, currency: str = "cny") -> Judgement:
    return Judgement(a_program(rate=rate, currency=currency), Money(paid, currency))


def points_in(lots: Lots) -> int:
    return sum(lot.points for lot in lots)


def a_purchase(paid: int, *, refunded: int = 0, currency: str = "cny") -> Purchase:
    return Purchase(
        channel="store-1",
        purchase_id="p-1",
        member_id="mem_00000000001",
        paid=Money(paid, currency),
        refunded=refunded,
        occurred_at=NOW,
        program_version=0,
        points=0,
        debt_paid=0,
        expires_on=date(2028, 11, 30),
    )


@st.composite
def refunded_in_parts(draw: st.DrawFn) -> tuple[int, list[int]]:
    """Return what was paid and refunds that do not exceed it."""
    paid = draw(amounts)
    cuts = sorted(draw(st.lists(st.integers(0, paid), min_size=1, max_size=8)))
    return paid, [after - before for before, after in zip([0, *cuts], cuts, strict=False)]


@pytest.mark.parametrize(
    ("paid", "points"),
    [(0, 0), (50, 0), (99, 0), (100, 1), (9990, 99), (12850, 128), (MONEY_MAX, 10**10)],
)
def test_each_whole_yuan_earns_one_point_and_the_rest_nothing(paid: int, points: int) -> None:
    assert points_for(a_program(), Money(paid, "cny")) == points


@pytest.mark.parametrize(("currency", "points"), [("jpy", 1999), ("cny", 19), ("kwd", 1)])
def test_whole_units_are_the_currencys_own(currency: str, points: int) -> None:
    assert points_for(a_program(currency=currency), Money(1999, currency)) == points


@given(refunded_in_parts(), rates, currencies)
def test_any_sequence_of_refunds_takes_what_one_refund_of_their_sum_takes(
    parts: tuple[int, list[int]], rate: int, currency: str
) -> None:
    paid, refunds = parts
    judgement = a_judgement(paid, rate=rate, currency=currency)
    taken = 0
    purchase = a_purchase(paid, currency=currency)
    for amount in refunds:
        step = points_in(clawed_back(judgement, purchase, amount=amount))
        assert step >= 0
        taken += step
        purchase = replace(purchase, refunded=purchase.refunded + amount)
    whole = a_purchase(paid, currency=currency)
    assert taken == points_in(clawed_back(judgement, whole, amount=sum(refunds)))


@given(amounts, rates)
def test_a_refund_of_everything_takes_back_every_point(paid: int, rate: int) -> None:
    taken = clawed_back(a_judgement(paid, rate=rate), a_purchase(paid), amount=paid)
    assert points_in(taken) == points_for(a_program(rate=rate), Money(paid, "cny"))


def test_what_is_left_can_be_refunded_and_not_one_fen_more() -> None:
    purchase = a_purchase(10_000, refunded=9_000)
    taken = clawed_back(a_judgement(10_000), purchase, amount=1_000)
    assert taken == (Lot(date(2028, 11, 30), 10),)
    with pytest.raises(RefundExceedsPurchase) as refusal:
        clawed_back(a_judgement(10_000), purchase, amount=1_001)
    assert refusal.value.facts == {"refundable": 1_000, "currency": "cny"}


@given(amounts, rates, currencies)
def test_the_lines_add_up_to_the_points_exactly(paid: int, rate: int, currency: str) -> None:
    judgement = a_judgement(paid, rate=rate, currency=currency)
    lines = explain(judgement, booked_on=None)
    points = points_for(judgement.program, judgement.paid)
    assert sum(line.points for line in lines) == points == worth(judgement, left=paid)
    assert all(f" {line.points} " in line.sentence("zh-CN") for line in lines)
    assert all(f"{line.points} point" in line.sentence("en") for line in lines)


def test_an_explanation_is_one_plain_sentence_in_either_language() -> None:
    (line,) = explain(a_judgement(12850), booked_on=None)
    assert line.sentence("en") == "1 point for each whole yuan of ¥128.50: 128 points."
    assert line.sentence("zh-CN") == "实付 ¥128.50，每满 1 元得 1 积分：共 128 积分。"
    (line,) = explain(a_judgement(50, rate=2), booked_on=None)
    assert line.sentence("en") == "2 points for each whole yuan of ¥0.50: 0 points."
    (line,) = explain(a_judgement(100), booked_on=None)
    assert line.sentence("en") == "1 point for each whole yuan of ¥1.00: 1 point."


def test_every_currency_that_a_program_may_choose_has_words() -> None:
    assert WORDS.keys() == MINOR_DIGITS.keys()


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(5, "cny"), "¥0.05"),
        (Money(112850, "cny"), "¥1,128.50"),
        (Money(5, "usd"), "$0.05"),
        (Money(1500, "jpy"), "JP¥1,500"),
        (Money(1500, "kwd"), "KD 1.500"),
    ],
)
def test_money_is_written_with_its_own_digits(money: Money, text: str) -> None:
    assert written(money) == text


@pytest.mark.parametrize("off", [AHEAD_MAX, -AGE_MAX, timedelta()])
def test_the_range_of_occurred_at_includes_its_edges(off: timedelta) -> None:
    refuse_unearnable(Money(100, "cny"), currencies=["cny"], occurred_at=NOW + off, now=NOW)


@pytest.mark.parametrize("off", [AHEAD_MAX + MICROSECOND, -AGE_MAX - MICROSECOND])
def test_a_microsecond_past_an_edge_is_out_of_range(off: timedelta) -> None:
    with pytest.raises(OccurredAtOutOfRange) as refusal:
        refuse_unearnable(Money(100, "cny"), currencies=["cny"], occurred_at=NOW + off, now=NOW)
    assert refusal.value.facts == {
        "earliest": "2026-10-22T08:00:00Z",
        "latest": "2026-11-21T08:05:00Z",
        "days": 30,
        "minutes": 5,
    }


def test_another_currency_than_the_programs_then_or_now_is_not_supported() -> None:
    told: Any = {"currencies": ("cny", "jpy"), "occurred_at": NOW, "now": NOW}
    refuse_unearnable(Money(100, "jpy"), **told)
    with pytest.raises(CurrencyNotSupported) as refusal:
        refuse_unearnable(Money(100, "usd"), **told)
    assert refusal.value.facts == {"currency": "cny"}


@pytest.mark.parametrize(
    ("now", "expires_on"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), date(2028, 11, 30)),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), date(2028, 12, 31)),
        (datetime(2026, 2, 28, 1, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_points_expire_at_the_end_of_a_month_of_the_programs_zone(
    now: datetime, expires_on: date
) -> None:
    program = a_program()
    assert expiry_of(day_of(now, program.zone), program) == expires_on


def test_a_refund_is_in_its_purchases_currency() -> None:
    refuse_currency(a_purchase(1), a_return(currency="cny"))
    refuse_currency(a_purchase(1), a_return(currency=None))
    with pytest.raises(CurrencyNotSupported):
        refuse_currency(a_purchase(1), a_return(currency="usd"))


def a_return(*, refund_id: str = "r-1", amount: int = 100, currency: str | None = None) -> Return:
    return Return("store-1", "p-1", refund_id, amount=amount, currency=currency)


def test_a_refund_counts_alike_with_its_currency_and_without() -> None:
    purchase = a_purchase(100)
    bare = fingerprint_of(purchase, a_return())
    assert fingerprint_of(purchase, a_return(currency="cny")) == bare
    assert fingerprint_of(purchase, a_return(currency="usd")) != bare
    assert fingerprint_of(purchase, a_return(amount=99)) != bare
    assert fingerprint_of(purchase, a_return(refund_id="r-2")) != bare


def test_a_client_reports_for_its_own_channel_only() -> None:
    program = replace(DEFAULTS, channels={"till-1": "store-1"})
    refuse_other_channel(program, "till-1", channel="store-1")
    for client, channel in (("till-1", "store-2"), ("till-2", "store-1"), ("till-2", "till-2")):
        with pytest.raises(Forbidden):
            refuse_other_channel(program, client, channel=channel)


@pytest.mark.parametrize("name", ["a", "A-Za.z0_9~", "x" * 64])
def test_a_reported_id_has_1_to_64_unreserved_characters(name: str) -> None:
    assert GIVEN_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "a#b", "a/b", "é", "a\n"])
def test_anything_else_is_no_reported_id(name: str) -> None:
    assert not GIVEN_NAME.fullmatch(name)


def a_guests_purchase(purchase_id: str = "p-1", *, through: date = TODAY) -> Purchase:
    bare = replace(a_purchase(10_000), member_id=None, expires_on=None)
    return replace(bare, purchase_id=purchase_id, claim=Claim(through))


def test_a_claim_code_is_16_characters_that_only_the_secret_and_the_purchase_decide() -> None:
    code = claim_code(b"secret", a_guests_purchase())
    # Base 32 of the first 80 bits of the HMAC, in Crockford's alphabet.
    assert code == "4TSV6DKGC75TZ5ZE"
    assert len(code) == CODE_CHARS
    assert set(code) <= set(CROCKFORD)
    assert code == claim_code(b"secret", Sale("store-1", "p-1", None, Money(1, "cny"), NOW))
    assert code != claim_code(b"other", a_guests_purchase())
    assert code != claim_code(b"secret", a_guests_purchase("p-2"))


def test_a_claim_code_has_80_bits_each_of_which_counts() -> None:
    codes = [claim_code(b"secret", a_guests_purchase(f"p-{n}")) for n in range(2_000)]
    for place in range(CODE_CHARS):
        assert {code[place] for code in codes} == set(CROCKFORD)
    assert len(set(codes)) == len(codes)


def test_no_letter_of_a_code_looks_like_another_character() -> None:
    assert len(CROCKFORD) == len(set(CROCKFORD)) == 32
    assert not set("ILOU") & set(CROCKFORD)


def test_a_purchase_can_be_claimed_through_the_30th_day_after_its_booking() -> None:
    assert claimable_through(date(2026, 11, 21)) == date(2026, 12, 21)


def test_a_refund_takes_nothing_from_a_claim_that_is_too_late() -> None:
    for through, taken in ((TODAY, 7), (TODAY - timedelta(days=1), 0)):
        purchase = a_guests_purchase(through=through)
        assert taken_from_claim(purchase, points=7, today=TODAY) == taken


def test_the_journal_names_a_purchase_by_its_path() -> None:
    assert named(a_return()) == named(a_purchase(1)) == "store-1/p-1"
