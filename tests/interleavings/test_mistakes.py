"""Mistakes that a use case alone never shows: each is planted, and the explorer finds it.

What it then says is a schedule, which plays the mistake again exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from pynamodb.expressions.condition import Condition

from chalicelib.catalog.units.store import UnitItem
from chalicelib.ledger.adjustments.store import ProposalItem
from chalicelib.ledger.journal.store import EntryItem
from chalicelib.ledger.wallets.store import WalletItem
from chalicelib.outreach.notices.store import NoticeItem
from chalicelib.redeem.orders.store import OrderItem
from chalicelib.storage.table import Item
from chalicelib.storage.transaction import Transaction
from chalicelib.tiers.earning.store import PurchaseItem
from tests.interleavings.actors import Stage
from tests.interleavings.explorer import Explorer, Wrong
from tests.interleavings.meetings import meetings
from tests.interleavings.verdicts import Judge

MEETINGS: Final = meetings()

Mistake = tuple[str, tuple[type[Item], ...], str]

MISTAKES: Final[tuple[Mistake, ...]] = (
    ("a wallet: place, place", (WalletItem,), "told to come back"),
    ("a wallet: place, place", (WalletItem, EntryItem), "settled, and its entries are"),
    ("a wallet: purchase, give points", (WalletItem, EntryItem), "has 0 entries"),
    ("an order: cancel, refund of one unit", (OrderItem,), "."),
    ("a purchase: refund, refund", (PurchaseItem,), "."),
    ("numbered stock: place, place two", (UnitItem,), "."),
    ("a notice that waits: send, send", (NoticeItem,), "."),
    ("a correction: approve, reject", (ProposalItem,), "."),
)
"""Who meets, whose conditions are missing, and what is said.

A wallet without its own condition is still stopped by its journal, version for version: whoever
loses can only ask again, for ever. Without both, points are lost.
"""


def forget_conditions(monkeypatch: pytest.MonkeyPatch, models: tuple[type[Item], ...]) -> None:
    """Let every write of some sorts of items happen whatever stands there."""
    put, update = Transaction.put, Transaction.update
    always: Condition = Item.partition != ""

    def blind_put(tx: Transaction, item: Item, **told: Any) -> None:
        found = told | ({"condition": always} if isinstance(item, models) else {})
        put(tx, item, **found)

    def blind_update(tx: Transaction, item: Item, actions: Any, **told: Any) -> None:
        found = told | ({"condition": always} if isinstance(item, models) else {})
        update(tx, item, actions, **found)

    monkeypatch.setattr(Transaction, "put", blind_put)
    monkeypatch.setattr(Transaction, "update", blind_update)


def explorer_of(stage: Stage, name: str) -> Explorer:
    """Return an explorer of a meeting and its judge."""
    scheduler = MEETINGS[name].prepared(stage)
    judge = Judge(scheduler)
    judge.learn()
    return Explorer(scheduler, judge.look, judge.judge)


def fault_of(play: Callable[[], object]) -> Wrong:
    """Return what is wrong."""
    with pytest.raises(Wrong) as caught:
        play()
    return caught.value


@pytest.mark.parametrize(("name", "models", "said"), MISTAKES)
def test_a_missing_condition_is_found_and_its_schedule_plays_it_again(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    models: tuple[type[Item], ...],
    said: str,
) -> None:
    forget_conditions(monkeypatch, models)
    found = fault_of(explorer_of(stage, name).explore)
    assert f"JIFEN_SCHEDULE={found.schedule}" in str(found)
    fresh = explorer_of(stage, name)
    again = fault_of(lambda: fresh.play(found.schedule))
    assert str(again) == str(found)
    with pytest.raises(AssertionError, match=said):
        raise found
