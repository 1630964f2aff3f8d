"""Names of things: URL-safe, prefixed, at most 24 characters.

An id names the partition that its thing lives in, so that nobody needs an index to find it::

    mem_ + 11                 a member
    ord_ + member's 11 + 9    an order of that member

Base 62, big-endian: 11 characters hold 65 bits, 9 hold 53. Ids that stand for a request are
derived from it (a receipt is found again by asking again); the others are random.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, Protocol

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MEMBER_CHARS: Final = 11
CHILD_CHARS: Final = 9
REWARD_CHARS: Final = 11
KEY_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
GIVEN_NAME: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")
"""Names that others give (channels, purchases, refunds, categories): a URL carries them as they
are."""
MEMBER_PATTERN: Final = re.compile(r"mem_[0-9A-Za-z]{11}")
ORDER_PATTERN: Final = re.compile(r"ord_[0-9A-Za-z]{20}")
REWARD_PATTERN: Final = re.compile(r"rwd_[0-9A-Za-z]{11}")
CAMPAIGN_CHARS: Final = 11
CAMPAIGN_PATTERN: Final = re.compile(r"cmp_[0-9A-Za-z]{11}")


class Dice(Protocol):
    """Where randomness comes from: `random.SystemRandom`, or a seeded one in tests."""

    def getrandbits(self, k: int, /) -> int:
        """Return `k` random bits."""

    def random(self) -> float:
        """Return a number from 0 up to 1."""


def base62(number: int, chars: int) -> str:
    """Return the lowest `chars` base-62 digits of a number."""
    digits = []
    for _ in range(chars):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def digest62(parts: tuple[str, ...], chars: int) -> str:
    """Return `chars` base-62 digits of the SHA-256 of the parts, each part's length included."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return base62(int.from_bytes(hashlib.sha256(told.encode()).digest(), "big"), chars)


def keyed_digest(secret: bytes, *, purpose: str, message: str) -> bytes:
    """Return HMAC-SHA256 of a message under the secret, separated by purpose."""
    return hmac.new(secret, f"{purpose}\n{message}".encode(), hashlib.sha256).digest()


def keyed62(secret: bytes, *, purpose: str, message: str, chars: int) -> str:
    """Return `chars` base-62 digits of a keyed digest."""
    told = keyed_digest(secret, purpose=purpose, message=message)
    return base62(int.from_bytes(told, "big"), chars)


def member_id_of(secret: bytes, subject: str) -> str:
    """Return the one member id that an identity provider's subject can have.

    Derived, so that a request needs no look-up to find its wallet; keyed, so that the id means
    nothing to whoever does not hold the secret.
    """
    return "mem_" + keyed62(secret, purpose="member", message=subject, chars=MEMBER_CHARS)


def random_id(prefix: str, dice: Dice, *, chars: int = MEMBER_CHARS) -> str:
    """Return a fresh id."""
    return f"{prefix}_{base62(dice.getrandbits(128), chars)}"


def child_id(prefix: str, member_id: str, *, route: str, key: str) -> str:
    """Return the id of what a member's request creates, derived from caller, route and key."""
    return f"{prefix}_{member_id[4:]}{digest62((member_id, route, key), CHILD_CHARS)}"


def member_within(child: str) -> str:
    """Return the member whose partition a child id lives in."""
    return "mem_" + child[4 : 4 + MEMBER_CHARS]


def random_token(dice: Dice) -> str:
    """Return 128 random bits: what tells one run of something from every other."""
    return f"{dice.getrandbits(128):032x}"
