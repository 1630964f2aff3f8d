"""What an import writes between its chunks: only a process that dies there lets anybody see it."""

from __future__ import annotations

from typing import Final

import pytest

from chalicelib.catalog.codes.model import State
from tests.faults import Crashed, Fault, faults
from tests.integration.coded_shop import MANY, Shop
from tests.rows import of_sort

BEHIND_A_CHUNK: Final = 1 + 1_000 // 50
"""Transactions before the first chunk is kept: the begin, and batches of fifty codes."""


@pytest.mark.usefixtures("table")
def test_a_chunk_on_the_shelf_is_counted_and_lies_nowhere_else_before_the_next_begins() -> None:
    shop = Shop()
    shop.open()
    told = shop.upload(MANY)
    behind = {BEHIND_A_CHUNK: Fault.CRASH_AFTER}
    with faults(behind, only="TransactWriteItems"), pytest.raises(Crashed):
        shop.execute(told)
    half = shop.show(told)
    assert (half.state, half.done, half.imported) == (State.RUNNING, 1_000, 1_000)
    assert ["c" in item for item in of_sort("C#")] == [False, True]
