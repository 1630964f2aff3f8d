"""What a failure of the Stripe library means for us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.gateways.payments.errors import Declined, Down, PaymentsError, Rejected, Unclear

if TYPE_CHECKING:
    from stripe import StripeError

BROKEN: Final = 500
CONFLICT: Final = 409
DECLINED: Final = 402
LIMITED: Final = 429
REPLAYED: Final = "idempotent-replayed"
NO_RETRY: Final = "stripe-should-retry"
NEVER_SENT: Final = frozenset({"ConnectTimeout", "NewConnectionError", "NameResolutionError"})
"""Errors of requests and urllib3 that happen before a byte of the request has left."""
CAUSES_MAX: Final = 8


def translated(failure: StripeError, *, is_write: bool) -> PaymentsError:
    """Return the error of ours that a failure stands for; a look-up never leaves things unclear."""
    status = failure.http_status
    request_id = failure.request_id or ""
    reason = _reason_of(failure)
    if status == LIMITED:
        return Down(reason, request_id=request_id)
    if status is None or status >= BROKEN or status == CONFLICT:
        if not is_write or _was_never_sent(failure):
            return Down(reason, request_id=request_id)
        return Unclear(reason, request_id=request_id, is_kept=_is_kept(failure))
    if status == DECLINED:
        return Declined(reason, request_id=request_id)
    param = getattr(failure, "param", None) or ""
    return Rejected(reason, request_id=request_id, param=param)


def _reason_of(failure: StripeError) -> str:
    """Return the issuer's word, or Stripe's code, or what sort of error it is."""
    words = (getattr(failure.error, name, None) for name in ("decline_code", "code"))
    told: str | None = next(filter(None, words), None)
    return told or type(failure).__name__


def _is_kept(failure: StripeError) -> bool:
    """Tell whether the same key would give the same failure again."""
    headers = {name.lower(): value for name, value in (failure.headers or {}).items()}
    return headers.get(REPLAYED) == "true" or headers.get(NO_RETRY) == "false"


def _was_never_sent(failure: StripeError) -> bool:
    """Tell whether no connection was made: nothing can have been done then."""
    cause: object = failure.__cause__
    for _ in range(CAUSES_MAX):
        if type(cause).__name__ in NEVER_SENT:
            return True
        inner = getattr(cause, "reason", None) or next(iter(getattr(cause, "args", ())), None)
        if not isinstance(inner, BaseException):
            return False
        cause = inner
    return False
