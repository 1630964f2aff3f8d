"""The heart: one use case, one transaction.

A use case calls `persist(work, attempt)`. The attempt decides from facts it was given, lets the
capabilities add their pieces to a fresh `Transaction`, and returns its answer; `persist` commits.
What happens then, in this order:

1. Committed: the answer is returned.
2. Cancelled by a condition: the first failed piece, in the order the pieces were added, speaks.
   Its `otherwise` turns the item's present image into a refusal, or into `Moved`: a lost
   compare-and-swap, after which the attempt runs again on that image, without a read.
3. Conflict or throttling: the same transaction is sent again after a pause.
4. Unclear (time-out, lost reply): the same transaction with the same client token is sent again;
   when patience ends, the first piece's item, the receipt, is looked up. Found: `Replayed`.

PynamoDB sorts a transaction into checks, deletes, puts and updates; the pieces are sorted the same
way before reasons are matched to them. The price: a refusal costs a second look at what the
transaction only assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar

from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.kernel.errors import Contended, KeyReused, Unavailable
from chalicelib.kernel.ids import random_token
from chalicelib.storage.reads import Range, fetch_raw, query_all
from chalicelib.storage.table import Item, Key, RawItem, code_of, connection, is_transient
from chalicelib.storage.work import Patience, Work

ITEMS_MAX: Final = 100
"""DynamoDB's own limit on a transaction's items."""
BYTES_MAX: Final = 4 * 1024 * 1024
"""DynamoDB's own limit on a transaction's size."""
CANCELLED: Final = "TransactionCanceledException"
CONDITION_FAILED: Final = "ConditionalCheckFailed"
COME_BACK: Final = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)

UNCLEAR: Final = frozenset({"", "InternalServerError", "ServiceUnavailable"})
"""Codes (none: no answer came) after which the transaction may have been carried out."""

T = TypeVar("T")
Otherwise = Callable[[RawItem | None], Exception]
"""Turns the image of an item whose condition failed into what that failure means."""


class Moved(Exception):
    """A compare-and-swap lost: the attempt goes on from this image."""

    def __init__(self, key: Key, image: RawItem) -> None:
        """Keep what the item is now."""
        super().__init__(key)
        self.key = key
        self.image = image


class Mistaken(Exception):
    """What the attempt took for granted, unread, is not so: the use case reads it and judges."""


class Replayed(Exception):
    """The receipt is already there: the request was carried out before."""

    def __init__(self, image: RawItem) -> None:
        """Keep the receipt."""
        super().__init__()
        self.image = image


def moved(key: Key) -> Otherwise:
    """Return what a lost compare-and-swap means: go on from what is there."""
    return lambda image: Moved(key, image) if image else Contended()


def there(image: RawItem | None) -> Exception:
    """Return what it means that an item is there already: it was all done before."""
    return Replayed(image) if image else Contended()


class Kind(Enum):
    """The sorts of pieces, in the order in which PynamoDB sends them."""

    CHECK = 0
    DELETE = 1
    PUT = 2
    UPDATE = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """One item of a transaction, its condition, and what a failed condition means."""

    kind: Kind
    item: Item
    condition: Condition | None
    actions: tuple[Action, ...]
    otherwise: Otherwise


class Transaction:
    """What one use case writes, all or nothing."""

    def __init__(self, work: Work, images: Mapping[Key, RawItem]) -> None:
        """Start empty, knowing the images that earlier attempts were shown."""
        self.work = work
        self._images = images
        self._pieces: list[Piece] = []

    def image(self, key: Key) -> RawItem | None:
        """Return what an earlier attempt saw under this key, if it lost a compare-and-swap."""
        return self._images.get(key)

    def put(self, item: Item, *, condition: Condition | None = None, otherwise: Otherwise) -> None:
        """Write an item whole; without a condition of its own, only where none is."""
        alone = condition if condition is not None else Item.partition.does_not_exist()
        self._add(Piece(Kind.PUT, item, alone, (), otherwise))

    def update(
        self, item: Item, actions: tuple[Action, ...], *, condition: Condition, otherwise: Otherwise
    ) -> None:
        """Change attributes of an item under a condition."""
        self._add(Piece(Kind.UPDATE, item, condition, actions, otherwise))

    def delete(self, item: Item) -> None:
        """Leave no item under a key, whether one is there or not."""
        self._add(Piece(Kind.DELETE, item, None, (), lambda _: Contended()))

    def check(self, item: Item, *, condition: Condition, otherwise: Otherwise) -> None:
        """Require a condition of an item that is not written."""
        self._add(Piece(Kind.CHECK, item, condition, (), otherwise))

    def _add(self, piece: Piece) -> None:
        assert all(piece.item.key != other.item.key for other in self._pieces), piece.item.key
        assert len(self._pieces) < ITEMS_MAX, "more than 100 items"
        self._pieces.append(piece)

    def commit(self, patience: Patience) -> None:
        """Write everything, or raise what stands against it."""
        assert self._pieces, "nothing to write"
        token = random_token(self.work.dice)
        unclear = False
        while True:
            try:
                self._send(token)
            except TransactWriteError as failure:
                unclear = self._judge(failure) or unclear
            else:
                return
            try:
                patience.again()
            except Contended:
                if unclear:
                    self._look_up()
                raise

    def _send(self, token: str) -> None:
        with _Write(connection=connection().connection, client_request_token=token) as write:
            for piece in self._pieces:
                _ADD[piece.kind](write, piece)
            assert write.size() <= BYTES_MAX, "more than 4 MB"

    def _judge(self, failure: TransactWriteError) -> bool:
        """Raise what a failure means, or return whether its outcome is unclear."""
        if code_of(failure) == CANCELLED:
            failed = self._failed_pieces(failure)
            for piece in self._pieces:
                if (reason := failed.get(piece.item.key)) is not None:
                    raise piece.otherwise(reason.raw_item)
            codes = {reason.code for reason in failure.cancellation_reasons if reason}
            assert codes <= COME_BACK, codes
            return False
        if not is_transient(failure):
            raise failure
        return code_of(failure) in UNCLEAR

    def _failed_pieces(self, failure: TransactWriteError) -> dict[Key, CancellationReason]:
        """Return the failed conditions by item; reasons come in the order PynamoDB sent."""
        sent = sorted(self._pieces, key=lambda piece: piece.kind.value)
        return {
            piece.item.key: reason
            for piece, reason in zip(sent, failure.cancellation_reasons, strict=True)
            if reason is not None and reason.code == CONDITION_FAILED
        }

    def _look_up(self) -> None:
        """Find out what became of a transaction whose every answer was lost."""
        receipt = self._pieces[0].item.key
        image = fetch_raw(self.work, [receipt]).get(receipt)
        told = None if image is None else self._pieces[0].otherwise(image)
        if isinstance(told, Replayed | KeyReused):
            raise told
        raise Unavailable


Aside = Callable[[Transaction], None]
"""Adds to somebody else's transaction what has to be written with it, or not at all."""


def persist(work: Work, attempt: Callable[[Transaction], T]) -> T:
    """Run the attempt and commit what it added, again while a compare-and-swap loses.

    Raises what a piece's `otherwise` returns, `Contended` when patience ends, `Unavailable` when
    the outcome could not be learnt.
    """
    patience = Patience(work)
    images: dict[Key, RawItem] = {}
    while True:
        transaction = Transaction(work, images)
        answer = attempt(transaction)
        try:
            transaction.commit(patience)
        except Moved as moved:
            images[moved.key] = moved.image
            patience.again(overtaken=True)
        else:
            return answer


def erase_all(work: Work, part: Range) -> None:
    """Leave no item in a part of a partition.

    Not all or nothing: whoever was interrupted calls again, and it goes on with what is left.
    """
    keys = [item.key for item in query_all(work, Item, part=part)]
    for start in range(0, len(keys), ITEMS_MAX):
        persist(work, partial(_erase, keys=keys[start : start + ITEMS_MAX]))


def _erase(tx: Transaction, *, keys: Sequence[Key]) -> None:
    for key in keys:
        tx.delete(Item(*key))


class _Write(TransactWrite):
    def size(self) -> int:
        """Return about how many bytes the items have; beyond a few KB only by our own bug."""
        return sum(_size(item) for item in (*self._put_items, *self._update_items))


def _put(write: TransactWrite, piece: Piece) -> None:
    write.save(piece.item, condition=piece.condition, return_values="ALL_OLD")


def _update(write: TransactWrite, piece: Piece) -> None:
    write.update(
        piece.item,
        actions=list(piece.actions),
        condition=piece.condition,
        return_values="ALL_OLD",
    )


def _delete(write: TransactWrite, piece: Piece) -> None:
    write.delete(piece.item)


def _check(write: TransactWrite, piece: Piece) -> None:
    write.condition_check(
        type(piece.item), piece.item.partition, piece.item.sort, condition=piece.condition
    )


_ADD: Final = {Kind.PUT: _put, Kind.UPDATE: _update, Kind.CHECK: _check, Kind.DELETE: _delete}


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(name) + _size(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(_size(inner) for inner in value)
    return len(value) if isinstance(value, str | bytes) else 1
