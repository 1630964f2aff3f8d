"""Refusals: every kind has a status, every code one refusal, every sentence two languages."""

from __future__ import annotations

import string

import pytest

from app import app
from chalicelib.kernel.errors import Conflict, Kind, Refusal, RuleRefusal
from chalicelib.web.problems import STATUS, code_rows, code_table, refusals, title_of

assert app.routes, "with the app, every room's refusals are imported"


def test_every_kind_has_a_status_and_no_two_kinds_share_one() -> None:
    assert set(STATUS) == set(Kind)
    assert len(set(STATUS.values())) == len(Kind)


@pytest.mark.parametrize("refusal", list(refusals()), ids=lambda refusal: refusal.code)
def test_a_refusal_has_a_snake_case_code_and_a_sentence_in_both_languages(
    refusal: type[Refusal],
) -> None:
    assert refusal.code == refusal.code.lower().strip("_")
    assert refusal.code.replace("_", "").isalnum()
    assert refusal.en.isascii() or "¥" in refusal.en or "…" in refusal.en
    assert any(character > "一" for character in refusal.zh)
    named = [
        {field for _, field, _, _ in string.Formatter().parse(sentence) if field}
        for sentence in (refusal.en, refusal.zh)
    ]
    assert named[0] == named[1]


def test_no_code_stands_for_two_refusals() -> None:
    codes = [row.code for row in code_rows()]
    assert len(codes) == len(set(codes))


def test_families_of_refusals_have_no_code_and_are_not_told() -> None:
    for family in (Conflict, RuleRefusal):
        assert "code" not in vars(family)
        assert family not in set(refusals())
        with pytest.raises(AttributeError):
            family()


def test_the_table_has_a_row_for_every_code() -> None:
    for row in code_rows():
        assert f"| `{row.code}` | {row.status} | {row.en} | {row.zh} |" in code_table()


def test_a_title_is_its_code_in_words() -> None:
    assert title_of("idempotency_key_reused") == "Idempotency key reused"
