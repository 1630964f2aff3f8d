"""What the log keeps of a change: who, when, what, before, after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """A change about to be made. `before` and `after` are frozen facts (dataclasses) or None.

    Personal data is never among them; name the changed fields in `fields` instead.
    """

    by: str
    what: str
    subject: str
    before: object = None
    after: object = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A change that was made. `before` and `after` are JSON texts, "null" where there is none."""

    id: str
    at: datetime
    by: str
    what: str
    subject: str
    before: str
    after: str
    fields: tuple[str, ...]
