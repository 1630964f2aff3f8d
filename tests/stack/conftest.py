"""One running stack for all tests that do not stop it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.client import Client
from tests.stack.process import StackProcess, a_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """Run a stack with the demo mall in it."""
    with a_stack(tmp_path_factory.mktemp("stack"), DEMO="yes", STACK_WORKERS="") as running:
        yield running


@pytest.fixture
def client(stack: StackProcess) -> Client:
    """Return a client of the stack, as nobody."""
    return stack.client()
