"""How far the job is, as an item: `reconciliation / M`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pynamodb.attributes import UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.redeem.reconciliation.model import Progress
from chalicelib.storage.reads import fetch
from chalicelib.storage.table import Item
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work

KEY: Final = ("reconciliation", "M")


class ProgressItem(Item):
    """How far the job is, as stored."""

    through = UnicodeAttribute(attr_name="th")
    until = UnicodeAttribute(attr_name="un")


def find(work: Work) -> Progress | None:
    """Return how far the job is, None before its first run."""
    item = fetch(work, ProgressItem.named(*KEY))
    if item is None:
        return None
    return Progress(datetime.fromisoformat(item.through), datetime.fromisoformat(item.until))


def put(tx: Transaction, *, progress: Progress) -> None:
    """Add how far a run is; one that began earlier writes no more."""
    until = rfc3339(progress.until)
    tx.put(
        ProgressItem(*KEY, through=rfc3339(progress.through), until=until),
        condition=ProgressItem.partition.does_not_exist() | (ProgressItem.until <= until),
        otherwise=lambda _: Contended(),
    )
