"""A webhook is believed when one of our secrets signed these bytes, about now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.gateways.payments.model import Mark, Notice
from chalicelib.gateways.payments.webhooks import (
    HEADER_CHARS_MAX,
    PAYLOAD_BYTES_MAX,
    TOLERANCE,
    NotVouchedFor,
    verify,
)
from infra.local.stripe.postman import signature

NOW: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)
OLD: Final = "whsec_old"
NEW: Final = "whsec_new"
SECOND: Final = timedelta(seconds=1)


def an_event(**changes: Any) -> dict[str, Any]:
    """Return an event of a payment."""
    metadata = {"environment": "tests", "order": "ord_1", "attempt": "2"}
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": int(NOW.timestamp()),
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "metadata": metadata}},
    }
    return event | changes


def signed(payload: str, *secrets: str, at: datetime = NOW) -> str:
    return signature(payload, list(secrets), now=int(at.timestamp()))


def judge(payload: str | bytes, header: str, *secrets: str) -> Notice:
    raw = payload.encode() if isinstance(payload, str) else payload
    return verify(raw, header, secrets=secrets or (NEW,), now=NOW)


def refused(payload: str | bytes, header: str, *secrets: str) -> str:
    with pytest.raises(NotVouchedFor) as reason:
        judge(payload, header, *secrets)
    return str(reason.value)


def test_a_signed_event_says_what_to_fetch() -> None:
    payload = json.dumps(an_event())
    assert judge(payload, signed(payload, NEW)) == Notice(
        id="evt_1",
        type="payment_intent.succeeded",
        object_kind="payment_intent",
        object_id="pi_1",
        intent_id="pi_1",
        mark=Mark("tests", "ord_1"),
        is_live=False,
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("thing", "intent_id", "mark"),
    [
        ({"id": "du_1", "object": "dispute", "payment_intent": "pi_9"}, "pi_9", None),
        (
            {
                "id": "re_1",
                "object": "refund",
                "payment_intent": "pi_9",
                "metadata": {"environment": "tests", "order": "ord_1", "refund": "rfd_7"},
            },
            "pi_9",
            Mark("tests", "ord_1", "rfd_7"),
        ),
        ({"id": "cus_1", "object": "customer"}, None, None),
        ({"id": "cus_1", "object": "customer", "metadata": "none"}, None, None),
        ({"id": "ch_1", "object": "charge", "payment_intent": None}, None, None),
    ],
)
def test_an_event_of_something_else_names_its_payment(
    thing: dict[str, Any], intent_id: str | None, mark: Mark | None
) -> None:
    payload = json.dumps(an_event(data={"object": thing}))
    notice = judge(payload, signed(payload, NEW))
    assert (notice.object_id, notice.intent_id, notice.mark) == (thing["id"], intent_id, mark)


@pytest.mark.parametrize("by", [(OLD,), (NEW,), (OLD, NEW)])
@pytest.mark.parametrize("ours", [(OLD, NEW), (NEW, OLD)])
def test_while_a_secret_is_rolled_each_of_the_two_counts(
    by: tuple[str, ...], ours: tuple[str, ...]
) -> None:
    payload = json.dumps(an_event())
    assert judge(payload, signed(payload, *by), *ours).id == "evt_1"


def test_a_secret_that_was_retired_counts_no_more() -> None:
    payload = json.dumps(an_event())
    assert refused(payload, signed(payload, OLD)) == "no signature of ours"


@pytest.mark.parametrize("off", [TOLERANCE, -TOLERANCE])
def test_five_minutes_off_is_the_most_either_way(off: timedelta) -> None:
    payload = json.dumps(an_event())
    assert judge(payload, signed(payload, NEW, at=NOW + off)).id == "evt_1"
    further = SECOND if off > timedelta() else -SECOND
    late = signed(payload, NEW, at=NOW + off + further)
    assert refused(payload, late) == "not of this moment"


@pytest.mark.parametrize(
    "forge",
    [
        lambda payload, header: (payload + " ", header),
        lambda payload, header: (json.dumps(json.loads(payload), indent=4), header),
        lambda payload, header: (payload.replace("pi_1", "pi_2"), header),
        lambda payload, header: (payload, header.replace("t=", "t=1")),
        lambda payload, header: (payload, header[:-1]),
        lambda payload, header: (payload, header.replace("v1=", "v0=")),
        lambda payload, header: (payload, header.upper()),
        lambda payload, header: (payload, header.partition("v1=")[0] + "v1="),
        lambda payload, header: (payload, header.partition(",")[0]),
    ],
)
def test_what_was_changed_on_its_way_is_not_believed(forge: Any) -> None:
    payload = json.dumps(an_event())
    changed, header = forge(payload, signed(payload, NEW))
    assert refused(changed, header)


@pytest.mark.parametrize(
    "header",
    [
        *("", "t=", "v1=ab", "t=x,v1=ab", "t=-5,v1=ab", "t=1.5,v1=ab", "t=٣,v1=ab", "t=01,v1=ab"),
        *("t=1,t=2,v1=ab", "t=999999999999,v1=ab", ",,,", "=", "t=1,v1=\u00e9", "t=1,v1=\ud800"),
        "t=1," + "v1=ab," * HEADER_CHARS_MAX,
    ],
)
def test_a_header_that_says_nothing_is_not_believed(header: str) -> None:
    assert refused("{}", header)


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_without_a_secret_nothing_is_believed(secrets: tuple[str, ...]) -> None:
    payload = json.dumps(an_event())
    header = signed(payload, *(secrets or ("",)))
    with pytest.raises(NotVouchedFor):
        verify(payload.encode(), header, secrets=secrets, now=NOW)


@pytest.mark.parametrize(
    "payload",
    [
        *("", "null", "[]", "5", '"x"', "{", "{}", '{"id": "evt_1"}', "[" * 100_000),
        json.dumps(an_event(id=5)),
        json.dumps(an_event(created="now")),
        json.dumps(an_event(created=10**30)),
        json.dumps(an_event(data=None)),
        json.dumps(an_event(data={"object": []})),
        json.dumps(an_event(data={"object": {"id": "pi_1"}})),
        json.dumps(an_event(data={"object": {"id": None, "object": "charge"}})),
    ],
)
def test_what_is_signed_and_no_event_is_refused_too(payload: str) -> None:
    assert refused(payload, signed(payload, NEW)) == "no event"


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refused(b"\xff\xfe", "t=1795233600,v1=" + "0" * 64) == "no signature of ours"


def test_a_payload_beyond_any_event_is_not_even_hashed() -> None:
    payload = "x" * (PAYLOAD_BYTES_MAX + 1)
    assert refused(payload, signed(payload, NEW)) == "too long"


@given(
    payload=st.text(max_size=200).map(lambda text: json.dumps(an_event(id=text or "e"))),
    secret=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(str.strip),
    signed_with=st.sampled_from(["same", "other"]),
)
def test_the_library_and_we_believe_the_same_signatures(
    payload: str, secret: str, signed_with: str
) -> None:
    by = secret if signed_with == "same" else secret + "x"
    stamp = int(NOW.timestamp())
    header = stripe.WebhookSignature.generate_signature_header(payload, by, stamp)
    try:
        theirs = bool(stripe.WebhookSignature.verify_header(payload, header, secret, None))
    except stripe.SignatureVerificationError:
        theirs = False
    try:
        ours = bool(judge(payload, header, secret))
    except NotVouchedFor:
        ours = False
    assert ours == theirs == (signed_with == "same")
