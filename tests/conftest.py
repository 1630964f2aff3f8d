"""What every test may ask for: a running engine and a table of its own on it.

The engine starts once for each worker; a table costs a few milliseconds, so each test gets a new
one instead of cleaning up. The process learns both from its environment, as Lambda does.
"""

from __future__ import annotations

import gc
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.configuration import set_hypothesis_home_dir

from app import app
from chalicelib.settings import settings
from chalicelib.storage.table import RawItem, connection
from infra.local import engines
from infra.local.engines import Kind, RunningEngine
from infra.local.table import create_table
from tests import loopback
from tests.mall import Hands, Mall
from tests.rows import everything

SETTINGS: Final = {
    "JIFEN_ISSUER": "https://issuer.example.test/pool",
    "JIFEN_JWKS_URL": "https://issuer.example.test/pool/.well-known/jwks.json",
    "JIFEN_CLIENTS": "mall",
    "JIFEN_SECRET": "a secret of the tests, longer than 32 bytes",
}
set_hypothesis_home_dir(engines.ROOT / ".local" / "hypothesis")
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it has a name of its own
"""Where Linux keeps files in memory."""
ROOM_BYTES: Final = 4 * 2**30
"""Far more than all tests of three workers write; a container may have next to nothing there."""
# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("jifen", hypothesis_settings(deadline=None))
hypothesis_settings.load_profile("jifen")
_numbers = itertools.count(1)
_opened: list[RawItem] = []
"""What stands in a mall that was just opened: every one begins alike, so the rest are copies."""

# Tests keep much and make little garbage: looking for it as often as usual takes a tenth of them.
gc.set_threshold(50_000, 20, 50)


def pytest_report_header() -> str:
    """Say aloud which engine the tests run on."""
    return f"engine: {engines.choose(None)}"


@pytest.fixture(scope="session", autouse=True)
def short_calls() -> Iterator[None]:
    """Let every client of this process prepare its calls in a shorter way."""
    with pytest.MonkeyPatch.context() as patch:
        loopback.shorten_calls(patch)
        yield


@pytest.fixture(scope="session")
def engine_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder for an engine's data: in memory where there is room for it.

    A transaction that reaches a disk takes three times as long, and nobody reads this data again.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        yield tmp_path_factory.mktemp("engine")
        return
    with TemporaryDirectory(prefix="jifen-", dir=MEMORY) as home:
        yield Path(home)


@pytest.fixture(scope="session")
def engine(engine_home: Path) -> Iterator[RunningEngine]:
    """Run one engine, and point this process at it."""
    kind = engines.choose(None)
    with (
        engines.start(kind, state=engine_home) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in engines.client_environment(running.endpoint).items():
            patch.setenv(name, value)
        if kind is not Kind.DYNOXIDE:
            yield running
            return
        with loopback.shortened(running.endpoint):
            yield running


@pytest.fixture
def table(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a new, empty table, and settings that name it."""
    name = f"jifen-{next(_numbers)}"
    create_table(engine.endpoint, name)
    for variable, value in (SETTINGS | {"JIFEN_TABLE": name}).items():
        monkeypatch.setenv(variable, value)
    settings.cache_clear()
    return name


@pytest.fixture
def mall(table: str) -> Iterator[Mall]:
    """Return the real app over an empty table, at noon, with one till."""
    assert table
    before, app.clock = app.clock, Hands()
    opened = Mall(app, app.clock)
    if _opened:
        connection().connection.batch_write_item(table, put_items=_opened)
    else:
        opened.open()
        _opened.extend(everything())
    yield opened
    app.clock = before
