"""The reader of the table's stream: it tries, parks what will never do, and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.gateways.messages.port import Messages
from chalicelib.outreach.relay import service
from chalicelib.outreach.relay.model import Record
from chalicelib.outreach.relay.rules import (
    TRIES_MAX,
    about,
    is_asked,
    parked,
    parked_id_of,
    pause_before,
    record_of,
)
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs, RawRecord
from chalicelib.web.logs import alarm, places, tell_failed

jobs = Jobs()
PARKED: Final = {"parked": 1}
PARKED_AGAIN: Final = {"parked_again": 1}


@jobs.stream(name="relay")
def relay(work: Work, messages: Messages, *, record: RawRecord) -> Mapping[str, int]:
    """Hand on one record; one that fails every try is parked, and blocks nobody.

    Where not even that can be done, the table is away: the batch comes again.
    """
    read: Record | None = None
    try:
        read = record_of(record)
        return _tried(work, messages, record=read)
    except Exception as failure:  # noqa: BLE001 - the edge: it is put aside
        tell_failed(about(record), failure)
        why = why_of(failure)
    if read is not None and is_asked(read):
        service.park_again(work, parked_id_of(read), why=why)
        return PARKED_AGAIN
    aside = parked(record, why=why, at=work.now)
    service.park(work, aside)
    alarm("record_parked", parked=aside.id)
    return PARKED


def _tried(work: Work, messages: Messages, *, record: Record) -> Mapping[str, int]:
    """Try to hand a record on, and return what was done; raises what the last try raised."""
    for attempt in range(1, TRIES_MAX):
        try:
            return service.hand_on(work, messages, record=record)
        except Exception:  # noqa: BLE001 - the edge: it is tried again
            work.pause(pause_before(attempt))
    return service.hand_on(work, messages, record=record)


def why_of(failure: Exception) -> str:
    """Return the sort of a failure and where it happened; its message may quote anything."""
    where = places(failure)[-1:]
    return " ".join([type(failure).__name__, *(place.rpartition("/")[2] for place in where)])
