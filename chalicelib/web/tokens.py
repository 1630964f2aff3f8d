"""Access tokens: whose signature, for whom, until when, and which roles they give.

Only the authorizer imports this module, and this module alone imports PyJWT. A token counts when
it is RS256 by a key of the issuer's JWKS, names the issuer, has not expired, is an access token,
and names an app client of ours (a person) or has the scope of tills (a machine, whose client the
program's document maps to a channel later).

Keys are kept for ten minutes. A key id that nobody knows fetches them anew, but at most once in
ten seconds, so that made-up ids cannot be turned into load on the issuer. When the issuer does not
answer, keys already known go on counting for an hour.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

import jwt

from chalicelib.kernel.errors import Unauthenticated, Unavailable
from chalicelib.web.identity import Identity

ALGORITHM: Final = "RS256"
LEEWAY_SECONDS: Final = 5
"""Two clocks that are kept by NTP differ by less."""
KEYS_KEPT_SECONDS: Final = 600
KEYS_STALE_SECONDS_MAX: Final = 3600
"""How long known keys outlive an issuer that does not answer."""
FETCH_AGAIN_SECONDS: Final = 10
FETCH_SECONDS_MAX: Final = 3
"""API Gateway gives an authorizer 29 s; a provider that takes 3 s is down."""
JWKS_BYTES_MAX: Final = 64 * 1024
"""A key takes 400 bytes and issuers publish two to five."""
TOKEN_CHARS_MAX: Final = 8192
"""API Gateway takes 10 KB of headers in all."""
CHANNEL_SCOPE: Final = "jifen/channel"
GROUP: Final = re.compile(r"member|marketing|support|finance|admin|partner:[A-Za-z0-9_-]{1,64}")

Fetch = Callable[[str], bytes]
Claims = Mapping[str, object]


def fetch(url: str) -> bytes:
    """Return what an address of the settings holds."""
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise OSError("keys come over https, or from this machine")
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS_MAX) as answer:  # noqa: S310
        content: bytes = answer.read(JWKS_BYTES_MAX + 1)
    if len(content) > JWKS_BYTES_MAX:
        raise OSError("the key set is too large")
    return content


class Keys:
    """An issuer's public keys by id."""

    def __init__(
        self, url: str, *, fetch: Fetch = fetch, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without any; the first token fetches them."""
        self._url = url
        self._fetch = fetch
        self._elapsed = elapsed
        self._lock = Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")

    def named(self, key_id: str) -> jwt.PyJWK:
        """Return a key, or refuse the token that names one the issuer does not have."""
        with self._lock:
            age = self._elapsed() - self._fetched
            if age > KEYS_KEPT_SECONDS or key_id not in self._keys:
                self._refresh()
            if self._elapsed() - self._fetched > KEYS_STALE_SECONDS_MAX:
                raise Unavailable
            if key_id not in self._keys:
                raise Unauthenticated
            return self._keys[key_id]

    def _refresh(self) -> None:
        if self._elapsed() - self._tried < FETCH_AGAIN_SECONDS:
            return
        self._tried = self._elapsed()
        try:
            self._keys = read_keys(self._fetch(self._url))
        except (OSError, ValueError):
            return
        self._fetched = self._elapsed()


def read_keys(content: bytes) -> dict[str, jwt.PyJWK]:
    """Return the RSA signing keys of a JWKS; other sorts are none of ours."""
    document = json.loads(content)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no key set")  # noqa: TRY004 - what the network says is a value
    found = {entry["kid"]: signing_key(entry) for entry in entries if is_ours(entry)}
    keys = {key_id: key for key_id, key in found.items() if key is not None}
    if not keys:
        raise ValueError("no key of ours in the set")
    return keys


def is_ours(entry: object) -> bool:
    """Tell whether an entry calls itself an RSA signing key with a name."""
    if not isinstance(entry, dict) or entry.get("kty") != "RSA":
        return False
    return entry.get("use", "sig") == "sig" and isinstance(entry.get("kid"), str)


def signing_key(entry: dict[str, object]) -> jwt.PyJWK | None:
    """Return an entry's key, None where the entry does not hold one."""
    try:
        return jwt.PyJWK(entry, algorithm=ALGORITHM)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def identity_of(token: str, *, issuer: str, clients: frozenset[str], keys: Keys) -> Identity:
    """Return whom a token names, or refuse it."""
    try:
        claims = checked(token, issuer=issuer, keys=keys)
    except jwt.PyJWTError:
        raise Unauthenticated from None
    subject, client = claims.get("sub"), claims.get("client_id")
    known = isinstance(subject, str) and subject and isinstance(client, str)
    if not known or claims.get("token_use") != "access":
        raise Unauthenticated
    assert isinstance(subject, str)
    assert isinstance(client, str)
    if is_machine(claims):
        return Identity(subject=subject, client=client, roles=frozenset({"channel"}))
    if client not in clients:
        raise Unauthenticated
    return Identity(subject=subject, client=client, roles=roles_of(claims))


def checked(token: str, *, issuer: str, keys: Keys) -> Claims:
    """Return a token's claims after signature, issuer and times have been checked."""
    if len(token) > TOKEN_CHARS_MAX:
        raise jwt.InvalidTokenError("too long")
    header = jwt.get_unverified_header(token)
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise jwt.InvalidTokenError("not signed as ours are")
    claims: Claims = jwt.decode(
        token,
        keys.named(key_id),
        algorithms=[ALGORITHM],
        issuer=issuer,
        leeway=LEEWAY_SECONDS,
        options={"require": ["exp", "iss", "sub"], "verify_aud": False},
    )
    return claims


def is_machine(claims: Claims) -> bool:
    """Tell whether a token is a till's: it has the channels' scope and nobody signed in for it."""
    return CHANNEL_SCOPE in str(claims.get("scope", "")).split() and "username" not in claims


def roles_of(claims: Claims) -> frozenset[str]:
    """Return a person's roles: the groups that this program knows."""
    groups = claims.get("cognito:groups")
    if not isinstance(groups, list):
        return frozenset()
    return frozenset(str(group) for group in groups if GROUP.fullmatch(str(group)))
