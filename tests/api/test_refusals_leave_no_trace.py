"""Every code of the program, caused once in each language: a whole problem, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeGuard

import pytest

from chalicelib.storage.work import Work
from chalicelib.web.problems import CodeRow, code_rows
from tests import refused, refused_activities, refused_orders
from tests.invariants import snapshot
from tests.mall import Mall

CAUSES: Final[Mapping[str, refused.Prepare]] = {
    "idempotency_key_required": refused.key_required,
    "idempotency_key_invalid": refused.key_invalid,
    "idempotency_key_reused": refused.key_reused,
    "malformed": refused.malformed,
    "too_large": refused.too_large,
    "unsupported_media_type": refused.unsupported,
    "invalid": refused.invalid,
    "unauthenticated": refused.unauthenticated,
    "forbidden": refused.forbidden,
    "member_frozen": refused.frozen,
    "not_enrolled": refused.not_enrolled,
    "not_found": refused.not_found,
    "method_not_allowed": refused.method_not_allowed,
    "phone_taken": refused.phone_taken,
    "subject_taken": refused.subject_taken,
    "purchase_conflict": refused.purchase_conflict,
    "currency_not_supported": refused.currency_not_supported,
    "occurred_at_out_of_range": refused.occurred_out_of_range,
    "refund_exceeds_purchase": refused.refund_exceeds,
    "sold_out": refused.sold_out,
    "stock_full": refused.stock_full,
    "stock_unlimited": refused.stock_unlimited,
    "zone_fixed": refused.zone_fixed,
    "stale": refused.stale,
    "if_match_required": refused.match_required,
    "debt_open": refused.debt_open,
    "insufficient_points": refused.insufficient_points,
    "limit_reached": refused.limit_reached,
    "not_eligible": refused.not_eligible,
    "not_redeemable_now": refused.not_redeemable_now,
    "campaign_unclear": refused.campaign_unclear,
    "campaigns_at_odds": refused_activities.campaigns_at_odds,
    "already_checked_in": refused_activities.already_checked_in,
    "evidence_used": refused_activities.evidence_used,
    "referral_refused": refused_activities.referral_refused,
    "already_claimed": refused_orders.already_claimed,
    "account_erased": refused.account_erased,
    "orders_open": refused_orders.orders_open,
    "already_decided": refused.already_decided,
    "self_approval": refused.self_approval,
    "member_erased": refused.member_erased,
    "cash_below_minimum": refused_orders.cash_below_minimum,
    "cash_not_chargeable": refused_orders.cash_not_chargeable,
    "cash_refund_exceeds_order": refused_orders.cash_refund_exceeds_order,
    "signature_invalid": refused_orders.signature_invalid,
    "claim_expired": refused_orders.claim_expired,
    "no_codes": refused_orders.no_codes,
    "nothing_to_send": refused_orders.nothing_to_send,
    "order_disputed": refused_orders.order_disputed,
    "order_not_cancellable": refused_orders.order_not_cancellable,
    "order_not_in_review": refused_orders.order_not_in_review,
    "order_not_settled": refused_orders.order_not_settled,
    "refund_exceeds_order": refused_orders.refund_exceeds_order,
    "stock_coded": refused_orders.stock_coded,
    "stock_not_coded": refused_orders.stock_not_coded,
    "too_many_tries": refused.too_many_tries,
    "internal": refused.internal,
    "contended": refused.contended,
    "unavailable": refused.unavailable,
}
LANGUAGES: Final = ("zh-CN", "en")


def test_every_code_has_a_cause() -> None:
    assert {row.code for row in code_rows()} == set(CAUSES)


@pytest.mark.parametrize("code", CAUSES)
def test_a_refusal_is_a_whole_problem_and_writes_nothing(mall: Mall, code: str) -> None:
    row = next(row for row in code_rows() if row.code == code)
    send = CAUSES[code](mall)
    before = snapshot(Work(mall.clock.now()))
    for language in LANGUAGES:
        reply = send({"Accept-Language": language})
        assert (reply.status, reply.code) == (row.status, code), reply.text
        assert reply.headers["content-language"] == language
        tells(reply.json, row, language=language)
        assert "secret" not in reply.text
    assert snapshot(Work(mall.clock.now())) == before


def is_names(fact: object) -> TypeGuard[list[str]]:
    return isinstance(fact, list) and all(isinstance(name, str) for name in fact)


def tells(problem: Mapping[str, object], row: CodeRow, *, language: str) -> None:
    """Check the members of a problem; its sentence is the code's own, with the facts filled in."""
    assert problem["type"] == f"/problems/{row.code}"
    assert problem["title"]
    assert problem["status"] == row.status
    sentence = row.zh if language == "zh-CN" else row.en
    comma = "、" if language == "zh-CN" else ", "
    facts = {name: comma.join(f) if is_names(f) else f for name, f in problem.items()}
    assert problem["detail"] == sentence.format_map(facts)
    assert problem["instance"] == "urn:jifen:request:req-1"
