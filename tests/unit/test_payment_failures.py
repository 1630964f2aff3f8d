"""What each failure of Stripe's library means: declined, unclear, down or rejected."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from chalicelib.gateways.payments.errors import Declined, Down, PaymentsError, Rejected, Unclear
from chalicelib.gateways.payments.failures import translated


def failed(status: int | None, *, error: dict[str, Any] | None = None, **headers: str) -> Any:
    """Return a failure of the library that came with a status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"type": "api_error", **(error or {})}}
    return stripe.APIError(
        "whatever", http_status=status, json_body=body, headers={"request-id": "req_1", **named}
    )


@pytest.mark.parametrize(
    ("status", "write", "look"),
    [
        (None, Unclear, Down),
        (400, Rejected, Rejected),
        (401, Rejected, Rejected),
        (402, Declined, Declined),
        (403, Rejected, Rejected),
        (404, Rejected, Rejected),
        (409, Unclear, Down),
        (429, Down, Down),
        (500, Unclear, Down),
        (502, Unclear, Down),
        (503, Unclear, Down),
    ],
)
def test_a_status_means_one_thing_for_a_write_and_one_for_a_look(
    status: int | None, write: type[PaymentsError], look: type[PaymentsError]
) -> None:
    assert type(translated(failed(status), is_write=True)) is write
    assert type(translated(failed(status), is_write=False)) is look


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, 0),
        ({"Idempotent_Replayed": "true"}, 1),
        ({"idempotent_replayed": "true"}, 1),
        ({"Stripe_Should_Retry": "false"}, 1),
        ({"Stripe_Should_Retry": "true"}, 0),
    ],
)
def test_an_answer_that_stripe_keeps_is_known_by_its_headers(
    headers: dict[str, Any], kept: int
) -> None:
    unclear = translated(failed(500, **headers), is_write=True)
    assert isinstance(unclear, Unclear)
    assert unclear.is_kept is bool(kept)
    assert unclear.request_id == "req_1"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({}, "APIError"),
        ({"code": "card_declined"}, "card_declined"),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds"),
    ],
)
def test_the_reason_is_the_most_exact_word_that_was_said(
    error: dict[str, Any], reason: str
) -> None:
    assert translated(failed(402, error=error), is_write=True).reason == reason


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ConnectTimeout", Down),
        ("NewConnectionError", Down),
        ("NameResolutionError", Down),
        ("ReadTimeout", Unclear),
        ("ConnectionResetError", Unclear),
    ],
)
def test_only_a_connection_that_was_never_made_has_surely_done_nothing(
    name: str, kind: type[PaymentsError]
) -> None:
    innermost = type(name, (Exception,), {})()
    wrapped = Exception(Exception(innermost))
    broken: Any = stripe.APIConnectionError
    failure = broken("whatever", should_retry=True)
    failure.__cause__ = wrapped
    assert type(translated(failure, is_write=True)) is kind


def test_what_is_rejected_says_where() -> None:
    refused: Any = stripe.InvalidRequestError
    failure = refused("whatever", "amount", "amount_too_small", http_status=400)
    rejected = translated(failure, is_write=True)
    assert isinstance(rejected, Rejected)
    assert rejected.param == "amount"
