"""Sealing: what must be read again but never by whoever holds the table alone.

AES-256-GCM under a key made from the program's secret. A sealed text opens only under the same
secret and for what it is `about` (the key of the item it lies in), so one that is moved to another
item does not open. Layout: one byte that names the key, 12 bytes of nonce, the ciphertext, 16 bytes
of tag. The price: whoever changes the secret must keep the old one for what it sealed.
"""

from __future__ import annotations

from typing import Final

from chalicelib.kernel.ids import Dice, keyed_digest

KEY_VERSION: Final = b"\x01"
"""The first byte of everything sealed, so that a later key can stand beside this one."""
NONCE_BYTES: Final = 12
"""GCM's own length. Random nonces of 96 bits bear 2^32 seals under one key (NIST SP 800-38D)."""


class Unsealable(Exception):
    """Not sealed by us, or for something else, or changed since: nobody's fault but ours."""


def seal(secret: bytes, plain: bytes, *, about: str, dice: Dice) -> bytes:
    """Return bytes that only `unseal` with the same secret and `about` opens."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce = dice.getrandbits(NONCE_BYTES * 8).to_bytes(NONCE_BYTES, "big")
    return KEY_VERSION + nonce + AESGCM(_key(secret)).encrypt(nonce, plain, about.encode())


def unseal(secret: bytes, sealed: bytes, *, about: str) -> bytes:
    """Return what was sealed; raises `Unsealable`."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    version, nonce, told = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if version != KEY_VERSION or len(nonce) != NONCE_BYTES:
        raise Unsealable
    try:
        return AESGCM(_key(secret)).decrypt(nonce, told, about.encode())
    except InvalidTag:
        raise Unsealable from None


def _key(secret: bytes) -> bytes:
    return keyed_digest(secret, purpose="seal", message=KEY_VERSION.hex())
