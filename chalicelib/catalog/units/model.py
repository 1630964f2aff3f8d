"""What numbered units are: blocks of numbers, each number free or owned, and an order's hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Block:
    """The unit items of one block as of one consistent read: owner by number, None where free.

    A number without an item is free in a limited drop, and a hole where units are codes.
    """

    number: int
    owners: Mapping[int, str | None]


@dataclass(slots=True)
class Hand:
    """The numbers drawn for one order, kept across its attempts, so that none is drawn for nothing.

    `owner` is the order's id. The rest changes: a number that turns out to be gone leaves the hand.
    `offers` are further numbers that were free when blocks were looked at; `vain` counts the
    numbers that left; `is_past_end` tells that the dispenser had not enough.
    """

    owner: str
    numbers: list[int] = field(default_factory=list)
    offers: list[int] = field(default_factory=list)
    vain: int = 0
    is_past_end: bool = False

    def refuse(self, number: int) -> None:
        """Drop a number that cannot be had; another of those on offer takes its place."""
        if number in self.numbers:
            self.numbers.remove(number)
            self.vain += 1
        if self.offers:
            self.numbers.append(self.offers.pop())

    def replace(self, numbers: list[int], *, offers: list[int]) -> None:
        """Begin anew with these numbers."""
        self.numbers, self.offers = numbers, offers
