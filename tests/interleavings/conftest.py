"""The stage: the real app over moto, instead of the engine that other tests have."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

import pytest

from app import app
from chalicelib.settings import settings
from infra.local import engines
from tests.conftest import SETTINGS
from tests.interleavings.actors import Stage
from tests.interleavings.engine import NAME, NOWHERE, Engine
from tests.mall import Hands, Mall

_engines: Final[list[Engine]] = []
"""At most one: the client of a table lives as long as its process."""


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return an empty stage."""
    told = SETTINGS | {"JIFEN_TABLE": NAME} | engines.client_environment(NOWHERE)
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    settings.cache_clear()
    if not _engines:
        _engines.append(Engine())
    before, app.clock = app.clock, Hands()
    # Some ten thousand requests a minute; a failure is told with its trace.
    logging.disable(logging.INFO)
    stage = Stage(Mall(app, app.clock), _engines[0])
    with stage.lit():
        yield stage
    logging.disable(logging.NOTSET)
    app.clock = before
