"""The stage of the interleavings: the table alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interleavings.actors import Stage
from tests.interleavings.staging import staged


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return an empty stage."""
    with staged(monkeypatch) as opened:
        yield opened
