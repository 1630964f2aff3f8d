"""Tokens and key sets as an issuer, or an attacker, would make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.kernel.errors import Unauthenticated
from chalicelib.web.identity import Identity
from chalicelib.web.tokens import (
    Keys,
    identity_of,
)

ISSUER = "https://issuer.example.test/pool"


@cache
def a_private_key(name: str) -> rsa.RSAPrivateKey:
    """Return a key; the name only tells one from another."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def a_jwk(name: str, **changes: str) -> dict[str, Any]:
    """Return a key's public half as an issuer publishes it."""
    public = a_private_key(name).public_key()
    told = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
    return {**told, "kid": name, "use": "sig", "alg": "RS256", **changes}


def claims(changes: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return a member's claims as Cognito writes them; a change to None leaves one out."""
    now = int(time.time())
    told = {
        "sub": "sub-1",
        "iss": ISSUER,
        "client_id": "mall",
        "token_use": "access",
        "username": "li",
        "scope": "openid",
        "cognito:groups": ["member"],
        "iat": now,
        "exp": now + 3600,
        **(changes or {}),
    }
    return {name: told[name] for name in told if told[name] is not None}


def a_token(
    changes: Mapping[str, object] | None = None, *, signed_by: str = "one", kid: str = ""
) -> str:
    """Return a token signed by a key of ours."""
    return jwt.encode(
        claims(changes),
        a_private_key(signed_by),
        algorithm="RS256",
        headers={"kid": kid or signed_by},
    )


@dataclass
class Issuer:
    """An issuer on a clock of its own: publishes keys, counts who asks, and can be down."""

    published: Mapping[str, object] = field(default_factory=lambda: {"keys": [a_jwk("one")]})
    seconds: float = 1000.0
    asked: int = 0
    down: bool = False

    def fetch(self, url: str) -> bytes:
        """Answer for the key set."""
        assert url == "https://issuer.example.test/keys"
        self.asked += 1
        if self.down:
            raise OSError("no route to host")
        return json.dumps(self.published).encode()

    def keys(self) -> Keys:
        """Return the keys as a fresh process knows them."""
        url = "https://issuer.example.test/keys"
        return Keys(url, fetch=self.fetch, elapsed=lambda: self.seconds)


def checked(token: str, keys: Keys | None = None) -> Identity:
    """Return whom a token names."""
    known = keys or Issuer().keys()
    return identity_of(token, issuer=ISSUER, clients=frozenset({"mall"}), keys=known)


def accepted(token: str, keys: Keys | None = None) -> bool:
    """Tell that a token is accepted."""
    return checked(token, keys).subject == "sub-1"


def refused(token: str, keys: Keys | None = None) -> bool:
    """Tell that a token is not accepted."""
    with pytest.raises(Unauthenticated):
        checked(token, keys)
    return True


def handmade(header: Mapping[str, object], signature: bytes = b"", *, secret: bytes = b"") -> str:
    """Return a token put together by hand, as an attacker would."""
    parts = [json.dumps(header).encode(), json.dumps(claims()).encode()]
    told = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signed = hmac.new(secret, told, hashlib.sha256).digest() if secret else signature
    return (told + b"." + base64.urlsafe_b64encode(signed).rstrip(b"=")).decode()
