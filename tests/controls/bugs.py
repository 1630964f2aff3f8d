"""Known bugs, each a change of a few words in a running product. No file changes.

They are the mistakes that programs of this kind are known to be made with: points added blindly,
stock read and then written, a receipt beside its transaction, points that only a job expires, and
a release that forgets what it had counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from tests.mutation.planting import planted, source_of

WALLETS: Final = "chalicelib.ledger.wallets.store"
JOURNAL: Final = "chalicelib.ledger.journal.store"
STOCK: Final = "chalicelib.catalog.stock.store"
CHECKOUT: Final = "chalicelib.redeem.checkout.service"
ORDERS: Final = "chalicelib.redeem.orders.service"
DATES: Final = "chalicelib.ledger.dates.rules"
PATIENCE: Final = "__import__('chalicelib.storage.work').storage.work.Patience(tx.work)"


@dataclass(frozen=True, slots=True)
class Slip:
    """Other words in one function of a module."""

    module: str
    function: str
    instead_of: str
    words: str


BLIND_ADD: Final = (
    Slip(
        WALLETS,
        "_still_covers",
        "WalletItem.version == before.version",
        "WalletItem.partition.exists()",
    ),
)
"""A wallet is written whatever became of it since it was read."""
BLIND_ADD_OVER_ENTRIES: Final = (
    *BLIND_ADD,
    Slip(
        JOURNAL,
        "put_entry",
        "otherwise=lambda _: Contended()",
        "otherwise=lambda _: Contended(),"
        " condition=EntryItem.partition.exists() | EntryItem.partition.does_not_exist()",
    ),
)
"""And so is its journal entry, which else stands in the way."""
READ_THEN_WRITE: Final = (
    Slip(
        STOCK,
        "take_units",
        "ShardItem.free.add(-quantity)",
        "ShardItem.free.set(ShardItem.get(*key, consistent_read=True).free - quantity)",
    ),
    Slip(STOCK, "take_units", "ShardItem.free >= quantity", "ShardItem.partition.exists()"),
)
"""What is free is read, and written back with less."""
RECEIPT_FIRST: Final = (
    Slip(
        CHECKOUT,
        "_attempt",
        "orders.add(tx, order, address=ask.address)",
        "alone = Transaction(tx.work, {}); orders.add(alone, order, address=ask.address);"
        f" alone.commit({PATIENCE})",
    ),
)
"""An order is written before what pays for it, in a transaction of its own."""
RECEIPT_AFTER: Final = (
    Slip(CHECKOUT, "_attempt", "orders.add(tx, order, address=ask.address)", "pass"),
    Slip(
        CHECKOUT,
        "_placed",
        "return _place_once(work, request, ask=ask), False",
        "order = _place_once(work, request, ask=ask);"
        " persist(work, lambda tx: orders.add(tx, order, address=ask.address));"
        " return order, False",
    ),
)
"""An order is written after what pays for it, in a transaction of its own."""
EXPIRY_BY_JOB: Final = (
    Slip(
        DATES,
        "usable_through",
        "if expires_on == date.max:\n        return expires_on",
        "return date.max",
    ),
)
"""Points can be used until a job has booked that they expired."""
LIMITS_FORGOTTEN: Final = (Slip(ORDERS, "leave", "limits.give_back(", "(lambda *_, **__: None)("),)
"""A cancelled order still counts against its limits."""


@contextmanager
def a_build_with(bug: tuple[Slip, ...]) -> Iterator[None]:
    """Run the product with a known bug in it."""
    with ExitStack() as builds:
        for module in dict.fromkeys(slip.module for slip in bug):
            slips = [slip for slip in bug if slip.module == module]
            functions = dict.fromkeys(slip.function for slip in slips)
            builds.enter_context(planted(module, _slipped(module, slips), *functions))
        yield


def _slipped(module: str, slips: list[Slip]) -> str:
    """Return a module's source with the slips in it; each must still find its words, once."""
    text = source_of(module).whole
    for slip in slips:
        begins = text.index(f"\ndef {slip.function}(") + 1
        ends = text.find("\n\n\n", begins)
        own = text[begins : ends if ends >= 0 else len(text)]
        assert own.count(slip.instead_of) == 1, slip
        text = text.replace(own, own.replace(slip.instead_of, slip.words))
    return text
