"""Who calls, and whether a route lets them in.

The authorizer, a function of its own, has checked the token; a route sees only what it hands on:
subject, client and roles. Roles are words separated by spaces, `partner:<id>` among them. A route
declares the words that it admits; `admin` passes wherever an operator does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from chalicelib.kernel.errors import Forbidden, Unauthenticated

RoleWord = Literal["member", "channel", "partner", "marketing", "support", "finance"]

PUBLIC: Final[tuple[RoleWord, ...]] = ()
"""Declared by a route that asks nobody for a token."""
OPERATOR: Final[tuple[RoleWord, ...]] = ("marketing", "support", "finance")
ADMIN: Final = "admin"
PARTNER: Final = "partner"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller: the provider's subject, the app client, and the roles as the token gives them."""

    subject: str
    client: str
    roles: frozenset[str]

    def to_context(self) -> dict[str, str]:
        """Return what the authorizer hands on; the gateway carries nothing but texts."""
        roles = " ".join(sorted(self.roles))
        return {"subject": self.subject, "client": self.client, "roles": roles}


NOBODY: Final = Identity(subject="", client="", roles=frozenset())
"""The caller of a public route."""


def identity_in(context: Mapping[str, object] | None) -> Identity | None:
    """Return the identity that the authorizer handed on, or None where it handed on nothing."""
    if not context or not context.get("subject"):
        return None
    return Identity(
        subject=str(context["subject"]),
        client=str(context.get("client", "")),
        roles=frozenset(str(context.get("roles", "")).split()),
    )


def admitted(words: Iterable[RoleWord]) -> frozenset[str]:
    """Return every role that a declaration lets in: with any operator, `admin` too."""
    declared = frozenset[str](words)
    return declared | {ADMIN} if declared & set(OPERATOR) else declared


def words_of(identity: Identity) -> frozenset[str]:
    """Return a caller's roles as routes declare them: any `partner:<id>` is a partner."""
    plain = {role for role in identity.roles if not role.startswith(PARTNER)}
    is_partner = any(role.startswith(f"{PARTNER}:") for role in identity.roles)
    return frozenset(plain | {PARTNER} if is_partner else plain)


def admit(context: Mapping[str, object] | None, roles: frozenset[str]) -> Identity:
    """Return the caller if one of the roles lets it in; no roles let everybody in."""
    if not roles:
        return NOBODY
    identity = identity_in(context)
    if identity is None:
        raise Unauthenticated
    if not words_of(identity) & roles:
        raise Forbidden
    return identity
