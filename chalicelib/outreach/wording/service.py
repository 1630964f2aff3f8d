"""Writing a notice: what it names is looked up when it is written, not when its fact happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward
from chalicelib.catalog.shelf import service as shelf
from chalicelib.catalog.shelf.model import Ask, Wish
from chalicelib.kernel import money
from chalicelib.kernel.errors import Language
from chalicelib.ledger.wallets.rules import balance
from chalicelib.ledger.wallets.service import Opened
from chalicelib.outreach.wording.model import Kind, Notice, Written
from chalicelib.outreach.wording.rules import (
    COMMA,
    is_open,
    not_listed,
    told_endings,
    written,
)
from chalicelib.redeem.orders import service as orders
from chalicelib.storage.work import Work

REWARDS_TOLD: Final = 3
"""Rewards that a reminder names."""
REWARDS_PAGE: Final = 20
REWARDS_PAGES_MAX: Final = 5
"""A hundred that the points would pay are looked at. Who is shut out of all of them is told none.
"""


def write(work: Work, notice: Notice, *, opened: Opened, language: Language) -> Written:
    """Return a notice in a language, to the member whose wallet was opened."""
    facts: dict[str, str | int] = {**notice.figures}
    if notice.order_id is not None:
        facts |= _of_order(work, notice.order_id, language=language)
    if notice.kind is Kind.REMINDER:
        facts["endings"] = told_endings(notice.dates, opened.today, language=language)
        facts["more"] = not_listed(notice.dates)
        facts["rewards"] = _rewards(work, opened, language=language)
    return written(notice.kind, facts, language=language)


def _of_order(work: Work, order_id: str, *, language: Language) -> Mapping[str, str | int]:
    order = orders.find(work, order_id)
    reward = rewards.present(work, order.reward_id)
    facts: dict[str, str | int] = {
        "order": order.id,
        "quantity": order.quantity,
        "reward": reward.title.told(language),
    }
    return facts | ({"cash": money.written(order.cash)} if order.cash else {})


def _rewards(work: Work, opened: Opened, *, language: Language) -> str:
    """Return the names of rewards that points alone would pay now, empty where there are none."""
    if opened.wallet.frozen:
        return ""
    found = islice(_open_now(work, opened), REWARDS_TOLD)
    return COMMA.told(language).join(reward.title.told(language) for reward in found)


def _open_now(work: Work, opened: Opened) -> Iterator[Reward]:
    member_id, points = opened.wallet.member_id, balance(opened.wallet, opened.today)
    after: str | None = None
    for _ in range(REWARDS_PAGES_MAX):
        ask = Ask(None, REWARDS_PAGE, after)
        page = shelf.browse_as(work, member_id, ask=ask, wish=Wish(affordable=True))
        seen = (mine for mine in page.items if is_open(mine, work.now, points=points))
        yield from (mine.shown.reward for mine in seen)
        after = page.next_position
        if after is None:
            return
