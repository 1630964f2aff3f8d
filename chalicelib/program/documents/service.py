"""Reading the settings that hold, and changing them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.edits import refuse_edit
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import store
from chalicelib.program.documents.model import DEFAULTS, DOCUMENT, Program, Wanted
from chalicelib.program.documents.rules import (
    held_since,
    in_force,
    refuse_currency_change,
    refuse_zone_change,
    with_sentences,
    with_validity,
)
from chalicelib.settings import settings
from chalicelib.storage.head import Head, raise_version, read_head
from chalicelib.storage.kept import Kept
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work

KEPT_MAX: Final = 32
"""Versions kept in process: late purchases are judged by the rules of their own day. The largest
have 96 KB."""
_kept: Kept[tuple[str, int], Program] = Kept(KEPT_MAX)


def program_at(work: Work, head: Head) -> Program:
    """Return the settings that the head names."""
    return program_version(work, head.version(DOCUMENT))


def program_version(work: Work, version: int) -> Program:
    """Return one version of the settings, read once a process."""
    if version == 0:
        return DEFAULTS
    key = (settings().table, version)
    program = _kept.get(key)
    if program is None:
        program = store.read_program(work, version)
        _kept.put(key, program)
    return program


def program_when(work: Work, head: Head, *, at: datetime) -> Program:
    """Return the settings that held at an instant, not later than those that the head names."""
    return in_force(program_at(work, head), at, read=partial(program_version, work))


def present(work: Work) -> Program:
    """Return the settings that hold now."""
    return program_at(work, read_head(work))


def put(tx: Transaction, head: Head, *, wanted: Wanted) -> Program:
    """Add the next version of the settings and return it.

    Raises `Stale` when another version holds by now than the one that was read (also one that this
    very change made: an If-Match that is spent is stale), `ZoneFixed` when the zone would change
    under members, `InvalidFields` when the currency would under amounts that are kept, or where
    `with_validity` does.
    """
    before = program_at(tx.work, head)
    refuse_edit(wanted.program.version, present=before.version)
    since = held_since(before, tx.work.now)
    stays = {name: getattr(before, name) for name in wanted.kept}
    after = replace(wanted.program, version=before.version + 1, since=since, **stays)
    after = with_sentences(before, after)
    after = with_validity(before, after, today=day_of(since, before.zone))
    refuse_currency_change(before, after, kept=wanted.kept)
    refuse_zone_change(before, after, zone_fixed=head.zone_fixed)
    store.put_program(tx, after, fingerprint=wanted.fingerprint)
    raise_version(tx, head, name=DOCUMENT)
    audit.record(tx, Deed(wanted.by, "program.change", "program", before, after))
    return after
