"""A stage for requests without a network, and a running stack for those over sockets."""

from __future__ import annotations

import pytest

from tests.hostile.stage import Stage
from tests.mall import Mall
from tests.stack.conftest import client, stack

__all__ = ["client", "stack", "stage"]


@pytest.fixture
def stage(mall: Mall) -> Stage:
    """Return a mall in which every operation finds what it asks for."""
    opened = Stage(mall)
    opened.open()
    return opened
