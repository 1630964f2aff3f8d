"""Receipts: what a request created remembers the request.

A use case that creates something uses that thing as its receipt; where nothing is created, a
receipt item stands in. Either keeps the request's fingerprint and lives for ever. Its key is
derived from the caller, the route and the Idempotency-Key, so that asking again finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pynamodb.attributes import BinaryAttribute

from chalicelib.kernel.errors import KeyReused, Refusal
from chalicelib.kernel.ids import digest62
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Item, Key, RawItem
from chalicelib.storage.transaction import Otherwise, Replayed, Transaction
from chalicelib.storage.work import Work

RECEIPT_CHARS: Final = 21
"""125 bits: receipts of all callers of a partition share its key space."""


@dataclass(frozen=True, slots=True)
class Request:
    """A member's request that moves something: whose, its route and key, and its fingerprint."""

    member_id: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def receipt(self) -> Key:
        """Return the key of its receipt item, in the member's own partition."""
        return (self.member_id, receipt_sort(self.member_id, route=self.route, key=self.key))

    @property
    def digest(self) -> str:
        """Return what names whatever it creates in that partition."""
        return digest62((self.member_id, self.route, self.key), RECEIPT_CHARS)


class Receipt(Item):
    """That a request was carried out, where nothing else tells it."""

    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


def receipt_sort(caller: str, *, route: str, key: str) -> str:
    """Return the sort key of the receipt of one caller's request."""
    return "R#" + digest62((caller, route, key), RECEIPT_CHARS)


def replayed_or_reused(fingerprint: bytes) -> Otherwise:
    """Return what a receipt that is already there means to this request.

    `Replayed` for the same request, `KeyReused` for another one under the same key.
    """

    def judge(image: RawItem | None) -> Exception:
        assert image is not None
        return Replayed(image) if image["f"]["B"] == fingerprint else KeyReused()

    return judge


def put_receipt(tx: Transaction, at: Key, *, fingerprint: bytes) -> None:
    """Add a receipt item: the request is carried out once."""
    tx.put(
        Receipt(*at, fingerprint=fingerprint),
        otherwise=replayed_or_reused(fingerprint),
    )


@contextmanager
def unless_carried_out(work: Work, at: Key, *, fingerprint: bytes) -> Iterator[None]:
    """Let a refusal out only where the same request was not carried out meanwhile.

    A batch of reads is not one instant: it may have missed the receipt of a twin and seen what the
    twin did. Raises `Replayed` or `KeyReused` instead.
    """
    try:
        yield
    except Refusal:
        image = fetch_raw(work, [at]).get(at)
        if image is not None:
            raise replayed_or_reused(fingerprint)(image) from None
        raise
