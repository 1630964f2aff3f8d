"""The reader of the table's stream: it tries, parks what will never do, and goes on."""

from __future__ import annotations

from chalicelib.gateways.messages.port import Messages
from chalicelib.outreach.relay import service
from chalicelib.outreach.relay.rules import (
    TRIES_MAX,
    about,
    is_asked,
    parked,
    pause_before,
    record_of,
)
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs, RawRecord
from chalicelib.web.logs import alarm, places, tell_failed

jobs = Jobs()


@jobs.stream(name="relay")
def relay(work: Work, messages: Messages, *, record: RawRecord) -> None:
    """Hand on one record; one that fails every try is parked, and blocks nobody.

    Where not even that can be done, the table is away: the batch comes again.
    """
    failure = _tried(work, messages, raw=record)
    if failure is None:
        return
    tell_failed(about(record), failure)
    why = why_of(failure)
    if record["eventName"] == "MODIFY" and is_asked(record_of(record)):
        parked_id = record["dynamodb"]["Keys"]["s"]["S"].removeprefix("E#")
        service.park_again(work, parked_id, why=why)
        return
    aside = parked(record, why=why, at=work.now)
    service.park(work, aside)
    alarm("record_parked", parked=aside.id)


def _tried(work: Work, messages: Messages, *, raw: RawRecord) -> Exception | None:
    """Try to hand a record on, and return the last failure, or None."""
    failure: Exception | None = None
    for attempt in range(TRIES_MAX):
        if attempt:
            work.pause(pause_before(attempt))
        try:
            service.hand_on(work, messages, record=record_of(raw))
        except Exception as error:  # noqa: BLE001 - the edge: it is tried again, then parked
            failure = error
        else:
            return None
    return failure


def why_of(failure: Exception) -> str:
    """Return the sort of a failure and where it happened; its message may quote anything."""
    where = places(failure)[-1:]
    return " ".join([type(failure).__name__, *(place.rpartition("/")[2] for place in where)])
