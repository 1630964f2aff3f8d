"""The addresses of this Stripe, the parameters that each takes, and what answers.

What is not here is refused as the real one refuses what it does not know. A parameter that the real
one has and this one lacks is refused too, and never ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from infra.local.routing import RouteMap
from infra.local.stripe import disputes, intents, refunds
from infra.local.stripe.events import get_event
from infra.local.stripe.lists import list_of
from infra.local.stripe.money import AMOUNT, currency
from infra.local.stripe.params import (
    EXPANDED,
    Param,
    Params,
    boolean,
    metadata,
    object_of,
    one_of,
    optional,
    paged,
    text,
    texts,
)
from infra.local.stripe.refused import Document
from infra.local.stripe.shapes import EVIDENCE
from infra.local.stripe.world import Asked, World

View = Callable[[World, Asked], Document]

METHODS: Final = object_of(
    {
        "enabled": Param(boolean, is_needed=True),
        "allow_redirects": Param(one_of("always", "never")),
    }
)
PAYING: Final = optional(["payment_method", "return_url"])
CANCELLING: Final = one_of("duplicate", "fraudulent", "requested_by_customer", "abandoned")
REFUNDING: Final = one_of("duplicate", "fraudulent", "requested_by_customer")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address."""

    params: Params
    view: View


def _get(kind: str, param: str) -> Endpoint:
    return Endpoint(EXPANDED, lambda world, asked: world.get(kind, asked.about, param=param))


def _list(kind: str, **filters: Param) -> Endpoint:
    return Endpoint(paged(**filters), lambda world, asked: list_of(world, kind, asked=asked))


ENDPOINTS: Final[dict[tuple[str, str], Endpoint]] = {
    ("POST", "/v1/payment_intents"): Endpoint(
        {
            "amount": Param(AMOUNT, is_needed=True),
            "currency": Param(currency, is_needed=True),
            "automatic_payment_methods": Param(METHODS),
            "confirm": Param(boolean),
            "description": Param(text),
            "metadata": Param(metadata),
            **PAYING,
            **EXPANDED,
        },
        intents.create,
    ),
    ("GET", "/v1/payment_intents"): _list("payment_intent"),
    ("GET", "/v1/payment_intents/{id}"): _get("payment_intent", "intent"),
    ("POST", "/v1/payment_intents/{id}/confirm"): Endpoint({**PAYING, **EXPANDED}, intents.confirm),
    ("POST", "/v1/payment_intents/{id}/cancel"): Endpoint(
        {"cancellation_reason": Param(CANCELLING), **EXPANDED}, intents.cancel
    ),
    ("GET", "/v1/charges"): _list("charge", payment_intent=Param(text)),
    ("GET", "/v1/charges/{id}"): _get("charge", "id"),
    ("POST", "/v1/refunds"): Endpoint(
        {
            "amount": Param(AMOUNT),
            "charge": Param(text),
            "metadata": Param(metadata),
            "payment_intent": Param(text),
            "reason": Param(REFUNDING),
            **EXPANDED,
        },
        refunds.create,
    ),
    ("GET", "/v1/refunds"): _list("refund", payment_intent=Param(text), charge=Param(text)),
    ("GET", "/v1/refunds/{id}"): _get("refund", "id"),
    ("GET", "/v1/disputes"): _list("dispute", payment_intent=Param(text), charge=Param(text)),
    ("GET", "/v1/disputes/{id}"): _get("dispute", "dispute"),
    ("POST", "/v1/disputes/{id}"): Endpoint(
        {
            "evidence": Param(object_of(optional(EVIDENCE))),
            "metadata": Param(metadata),
            "submit": Param(boolean),
            **EXPANDED,
        },
        disputes.update,
    ),
    ("POST", "/v1/disputes/{id}/close"): Endpoint(EXPANDED, disputes.close),
    ("GET", "/v1/events"): _list("event", type=Param(text), types=Param(texts)),
    ("GET", "/v1/events/{id}"): Endpoint(EXPANDED, get_event),
}
ADDRESSES: Final = RouteMap(sorted({path for _, path in ENDPOINTS}))


def find_endpoint(method: str, path: str) -> tuple[Endpoint, str] | None:
    """Return what answers an address, and the id in it or the address itself."""
    match = ADDRESSES.find(path)
    endpoint = ENDPOINTS.get((method, match.template)) if match else None
    if match is None or endpoint is None:
        return None
    return endpoint, match.parameters.get("id", path)
