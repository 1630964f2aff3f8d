"""Hands stores a plan directly, past the rules that would never make it.

Rules and conditions guard the same things twice. As long as the rules are right, no request shows
whether a condition is there at all; so the second line of defence is tested without the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Final

import pytest

from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Patience, Work
from tests.books import plain
from tests.builders import NOW
from tests.rows import everything, overwrite, row


class FixedDice:
    """Dice that always show the same, but for the 128 bits of a transaction's token.

    An engine remembers tokens, and takes one it knows for the same transaction again.
    """

    def getrandbits(self, k: int, /) -> int:
        """Return ones, or a new token."""
        return SystemRandom().getrandbits(k) if k == TOKEN_BITS else (1 << k) - 1

    def random(self) -> float:
        """Return the middle."""
        return 0.5


TOKEN_BITS: Final = 128
WORK: Final = Work(NOW, dice=FixedDice())
Add = Callable[[Transaction], object]
"""Adds pieces to a transaction."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A plan that must be refused, after what is there already, and by what."""

    plan: Add
    refusal: type[Exception]
    there: tuple[Add, ...] = ()


def handed(*adds: Add) -> None:
    """Write what some pieces say, in one transaction."""
    tx = Transaction(WORK, {})
    for add in adds:
        add(tx)
    tx.commit(Patience(WORK))


def refused(wrong: Wrong) -> None:
    """Check that a wrong plan is refused, and that nothing of it is written."""
    for add in wrong.there:
        handed(add)
    before = everything()
    with pytest.raises(wrong.refusal) as told:
        handed(wrong.plan)
    assert type(told.value) is wrong.refusal
    assert everything() == before


def columns(key: Key, *names: str) -> dict[str, Any]:
    """Return some columns of an item as plain values, without those it does not have."""
    item = row(*key)
    return {name: plain(item[name]) for name in names if name in item}


def spoil(key: Key, **columns_by_name: Mapping[str, Any]) -> None:
    """Change columns of an item behind the program's back."""
    overwrite(row(*key), **columns_by_name)
