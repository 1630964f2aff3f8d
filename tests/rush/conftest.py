"""A proxy between the app and its engine, for the tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local import engines
from infra.local.engines import RunningEngine
from tests.rush.storm import Storm, a_storm


@pytest.fixture(scope="session")
def proxy(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """Run a proxy in front of the engine."""
    log = tmp_path_factory.mktemp("storm") / "microburst.log"
    with a_storm(engine.endpoint, log=log) as storm:
        yield storm


@pytest.fixture
def storm(proxy: Storm, monkeypatch: pytest.MonkeyPatch) -> Storm:
    """Point this process at the proxy; ask for it before the mall, which makes the connection."""
    for name, value in engines.client_environment(proxy.endpoint).items():
        monkeypatch.setenv(name, value)
    return proxy
