"""The authorizer: a Lambda function of its own that turns a bearer token into an identity.

Declared on a blueprint named after this module, it deploys as this module's `check_token` and
starts without `app.py`, routes, models or the database. Routes import this module for the
reference alone, so PyJWT, which costs 60 ms, is imported when the first token is checked.

The gateway keeps an answer for five minutes, for every route at once: so it allows all of them,
and the routes compare roles. A token that is not accepted raises `Unauthorized`, the one word that
the gateway turns into 401; an issuer that does not answer escapes, and becomes 503.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib.kernel.errors import Unauthenticated
from chalicelib.settings import settings

if TYPE_CHECKING:
    from chalicelib.web.tokens import Keys

ANSWER_KEPT_SECONDS: Final = 300

blueprint = Blueprint(__name__)


class Unauthorized(Exception):
    """Its message is what API Gateway looks for."""

    def __init__(self) -> None:
        """Say the word."""
        super().__init__("Unauthorized")


@cache
def keys() -> Keys:
    """Return this process's keys of the issuer."""
    from chalicelib.web.tokens import Keys  # noqa: PLC0415

    return Keys(settings().jwks_url)


def context_of(authorization: str) -> Mapping[str, str]:
    """Return what an Authorization header proves, or refuse it."""
    from chalicelib.web.tokens import identity_of  # noqa: PLC0415

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    known = settings()
    identity = identity_of(token.strip(), issuer=known.issuer, clients=known.clients, keys=keys())
    return identity.to_context()


@blueprint.authorizer(name="authorizer", ttl_seconds=ANSWER_KEPT_SECONDS)
def check_token(request: AuthRequest) -> AuthResponse:
    """Let a token's bearer through, with what it proves."""
    try:
        context = context_of(request.token)
    except Unauthenticated:
        raise Unauthorized from None
    return AuthResponse(["*"], principal_id=context["client"], context=dict(context))
