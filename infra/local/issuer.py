"""The stack's own identity provider: a key in STATE, its JWKS, and access tokens like Cognito's.

The program's authorizer cannot tell these tokens from a real pool's: it fetches the same sort of
key set and checks the same claims. The issuer's name does not hold the port, so tokens given
before a restart hold after it, wherever the stack then listens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from infra.local.state import write_whole

ISSUER: Final = "https://issuer.local.jifen.example"
CLIENT: Final = "jifen-local-people"
"""The app client that people sign in with."""
CHANNEL_SCOPE: Final = "jifen/channel"
KEY_BITS: Final = 2048
"""What Cognito signs with."""
TOKEN_SECONDS: Final = 30 * 24 * 3600
"""By the wall clock: a token outlives any session at a desk, restarts and clock jumps included."""
CLIENT_ID_CHARS: Final = 26
"""As long as Cognito's client ids."""


class Issuer:
    """Signs access tokens with the key of one STATE."""

    def __init__(self, pem: bytes) -> None:
        key = serialization.load_pem_private_key(pem, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self._public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        self._kid = _thumbprint(self._public)

    def jwks(self) -> str:
        """Return the public key set as JSON."""
        entry = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self._kid}
        return json.dumps({"keys": [{**entry, "n": self._public["n"], "e": self._public["e"]}]})

    def person(self, subject: str, groups: Sequence[str]) -> str:
        """Return the access token of a signed-in person."""
        claims = {"cognito:groups": list(groups), "username": subject, "scope": "openid"}
        return self._sign(subject, client_id=CLIENT, claims=claims)

    def machine(self, client_id: str) -> str:
        """Return the access token that client credentials would get."""
        return self._sign(client_id, client_id=client_id, claims={"scope": CHANNEL_SCOPE})

    def _sign(self, subject: str, *, client_id: str, claims: Mapping[str, object]) -> str:
        now = int(time.time())
        standing = {
            "sub": subject,
            "iss": ISSUER,
            "client_id": client_id,
            "token_use": "access",
            "version": 2,
            "auth_time": now,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        headers = {"kid": self._kid}
        return jwt.encode({**standing, **claims}, self._key, algorithm="RS256", headers=headers)


def issuer_at(path: Path) -> Issuer:
    """Return the issuer whose key lies at a path; the first call makes the key."""
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_whole(path, pem.decode())
    return Issuer(path.read_bytes())


def client_of(channel: str) -> str:
    """Return the client id that a channel's machines use: derived, so it needs no list."""
    return hashlib.sha256(f"channel\n{channel}".encode()).hexdigest()[:CLIENT_ID_CHARS]


def _thumbprint(public: dict[str, str]) -> str:
    """Return the key's id: its RFC 7638 thumbprint."""
    members = {name: public[name] for name in ("e", "kty", "n")}
    told = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(told.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
