"""The stage: the real app over moto, instead of the engine that other tests have."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

import pytest

from app import app
from chalicelib.settings import settings
from infra.local import engines
from tests.conftest import SETTINGS
from tests.interleavings.actors import Rehearsals, Stage
from tests.interleavings.engine import NAME, NOWHERE, Engine
from tests.mall import Hands, Mall
from tests.shortcalls import short_to

NOTHING_MORE: Final[Mapping[str, str]] = {}


@contextmanager
def staged(
    monkeypatch: pytest.MonkeyPatch, more: Mapping[str, str] = NOTHING_MORE
) -> Iterator[Stage]:
    """Light an empty stage for the length of a block, under some more settings."""
    told = SETTINGS | {"JIFEN_TABLE": NAME} | engines.client_environment(NOWHERE) | dict(more)
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    settings.cache_clear()
    before, app.clock = app.clock, Hands()
    # Some ten thousand requests a minute; a failure is told with its trace.
    logging.disable(logging.INFO)
    stage = Stage(Mall(app, app.clock), the_engine(), rehearsals=_rehearsals())
    with stage.lit(), short_to(NOWHERE):
        yield stage
    logging.disable(logging.NOTSET)
    app.clock = before


@cache
def the_engine() -> Engine:
    """Return the only one: the client of a table lives as long as its process."""
    return Engine()


@cache
def _rehearsals() -> Rehearsals:
    """Return what the preparations of this process brought so far."""
    return {}
