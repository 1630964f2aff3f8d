"""Sealing: opened by the same secret for the same thing, and by nothing else."""

from __future__ import annotations

import itertools
import random
from typing import Final

import pytest

from chalicelib.storage.sealing import NONCE_BYTES, Unsealable, seal, unseal

SECRET: Final = b"a secret of the tests, longer than 32 bytes"
ABOUT: Final = "rwd_0Ab1Cd2Ef3G#0/U#000017"
DICE: Final = random.SystemRandom()


def sealed(plain: bytes = b"WELCOME-10") -> bytes:
    return seal(SECRET, plain, about=ABOUT, dice=DICE)


@pytest.mark.parametrize("plain", [b"", b"x", b"WELCOME-10", b"\x00" * 4096], ids=len)
def test_what_is_sealed_is_opened_again(plain: bytes) -> None:
    assert unseal(SECRET, sealed(plain), about=ABOUT) == plain


def test_nothing_of_the_text_shows() -> None:
    assert b"WELCOME" not in sealed()


def test_the_same_text_is_never_sealed_alike() -> None:
    assert len({sealed() for _ in range(100)}) == 100


def test_the_nonce_is_what_the_dice_gave() -> None:
    nonce = random.Random(7).getrandbits(96).to_bytes(12, "big")
    told = seal(SECRET, b"x", about=ABOUT, dice=random.Random(7))
    assert told[1 : 1 + NONCE_BYTES] == nonce
    assert len(told) == 1 + NONCE_BYTES + 1 + 16


def test_a_sealed_text_that_was_moved_does_not_open() -> None:
    with pytest.raises(Unsealable):
        unseal(SECRET, sealed(), about=ABOUT.replace("17", "18"))


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(Unsealable):
        unseal(SECRET + b"!", sealed(), about=ABOUT)


def test_a_change_of_any_bit_is_noticed() -> None:
    whole = sealed()
    for place, bit in itertools.product(range(len(whole)), range(8)):
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << bit
        with pytest.raises(Unsealable):
            unseal(SECRET, bytes(spoiled), about=ABOUT)


def test_a_part_of_it_does_not_open() -> None:
    whole = sealed()
    for length in range(len(whole)):
        with pytest.raises(Unsealable):
            unseal(SECRET, whole[:length], about=ABOUT)


def test_a_failure_says_nothing_of_what_was_sealed() -> None:
    with pytest.raises(Unsealable) as failure:
        unseal(SECRET, sealed() + b"!", about=ABOUT)
    assert str(failure.value) == ""
    assert failure.value.__cause__ is None
