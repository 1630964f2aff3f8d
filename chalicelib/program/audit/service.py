"""Recording a change beside the change itself, and reading the log."""

from __future__ import annotations

from datetime import date

from chalicelib.kernel.pages import Page
from chalicelib.program.audit import store
from chalicelib.program.audit.model import AuditRow, Deed
from chalicelib.storage.table import RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work


def record(tx: Transaction, deed: Deed) -> None:
    """Add the row of a change to the transaction that makes it."""
    store.put_row(tx, deed)


def read(raw: RawItem) -> AuditRow:
    """Return the row that an image of the table's stream holds."""
    return store.row_from(raw)


def is_row(partition: str) -> bool:
    """Tell whether what lies in a partition of the table are rows of the log."""
    return store.is_row(partition)


def page(work: Work, day: date, *, limit: int, before: str | None) -> Page[AuditRow]:
    """Return a day's rows, newest first."""
    return store.page_of(work, day, limit=limit, before=before)
