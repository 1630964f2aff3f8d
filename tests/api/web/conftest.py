"""The small house, for every test here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.settings import settings
from tests.api.web.small_house import Small, a_small_house
from tests.conftest import SETTINGS
from tests.events import MEMBER, Api


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (SETTINGS | {"JIFEN_TABLE": "none"}).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def small() -> Small:
    """Return a fresh small house."""
    return a_small_house()


@pytest.fixture
def api(small: Small) -> Api:
    """Return it, called by a member."""
    return Api(small.app, MEMBER)
