"""The ground that figures are made on: a real engine, an empty table, and the real app over it."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app import app
from chalicelib.settings import settings
from infra.local import engines
from infra.local.engines import RunningEngine
from infra.local.table import create_table
from tests.mall import Hands, Mall

SETTINGS: Final = {
    "JIFEN_ISSUER": "https://issuer.example.test/pool",
    "JIFEN_JWKS_URL": "https://issuer.example.test/pool/.well-known/jwks.json",
    "JIFEN_CLIENTS": "mall",
    "JIFEN_SECRET": "a secret of the bench, longer than 32 bytes",
}
_numbers = itertools.count(1)


@contextmanager
def an_engine() -> Iterator[RunningEngine]:
    """Run an engine and point this process at it."""
    with (
        tempfile.TemporaryDirectory() as state,
        engines.start(engines.choose(None), state=Path(state)) as engine,
    ):
        os.environ.update(engines.client_environment(engine.endpoint))
        yield engine


def a_mall(engine: RunningEngine) -> Mall:
    """Return the real app over a new table, with one till."""
    name = f"bench-{next(_numbers)}"
    create_table(engine.endpoint, name)
    os.environ.update(SETTINGS | {"JIFEN_TABLE": name})
    settings.cache_clear()
    app.clock = Hands()
    mall = Mall(app, app.clock)
    mall.open()
    return mall


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the log's lines, which are written as always, off the screen."""
    with Path(os.devnull).open("w") as sink, contextlib.redirect_stdout(sink):
        yield
