"""Looking at the shelf: for everybody, and for one member.

The shelf is read in chunks of `CHUNK` rewards, whatever the page's size, straight from an index
that holds them; a chunk stays in process as long as the catalog does not change. Windows, and what
a member can afford, are judged afterwards, for the instant of the request, so the shelf turns on
time with nothing running. A page ends behind the last reward that it holds. The price: a small page
of a cold process reads a whole chunk, and one that hides more than `CHUNKS_MAX` of them is handed
out short, with a cursor that goes on behind what was looked at. A list by price has to see
everything first, so it is made of that many of the newest rewards and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from chalicelib.catalog.limits import service as limits
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward, Taker
from chalicelib.catalog.rewards.rules import is_shown
from chalicelib.catalog.shelf.model import Ask, Mine, Purse, Shelf, Shown, Wish
from chalicelib.catalog.shelf.rules import fits, is_payable, locks_of, place_by_price, turns_at
from chalicelib.catalog.supply import service as supply
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.pages import PAGE_MAX, Page
from chalicelib.ledger.expiry.rules import points_ending
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import balance
from chalicelib.ledger.wallets.service import Opened
from chalicelib.storage.head import Head, read_head
from chalicelib.storage.work import Work

CHUNK: Final = PAGE_MAX
"""Rewards read at once: as many as the largest page shows."""
CHUNKS_MAX: Final = 5
"""Chunks that one page looks at: 500 rewards, a fifth of a second where no process knows them."""

Wanted = Callable[[Sequence[Reward]], Sequence[Reward]]
"""Those that are wanted of some rewards that are shown now."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rewards that a page holds, where the next begins, and when what was looked at turns."""

    page: Page[Reward]
    turns_at: datetime | None


def browse(work: Work, ask: Ask) -> Shelf:
    """Return a page of the shelf as it is now."""
    found = _find(work, read_head(work), ask=ask, wanted=lambda shown: shown)
    return Shelf(Page(_shown(work, found.page.items), found.page.next_position), found.turns_at)


def show(work: Work, reward_id: str) -> Shelf:
    """Return one reward of the shelf as a page of its own; `NotFound` when it is not shown now."""
    reward = rewards.present(work, reward_id)
    if not is_shown(reward, work.now):
        raise NotFound
    return Shelf(Page(_shown(work, [reward]), None), turns_at([reward], work.now))


def browse_as(work: Work, member_id: str, *, ask: Ask, wish: Wish) -> Page[Mine]:
    """Return a page of the shelf as a member sees it; raises `NotEnrolled`.

    What points that end soon would pay comes cheapest first where only that is wished for.
    """
    opened = wallets.open_wallet(work, member_id)
    wallet, today = opened.wallet, opened.today
    purse = Purse(balance(wallet, today), points_ending(wallet, today))
    find = _find_by_price if wish.use_soon else _find
    found = find(
        work,
        opened.head,
        ask=ask,
        wanted=lambda shown: _wished(work, shown, wish=wish, purse=purse),
    )
    mine = _as_seen_by(work, opened, shown=_shown(work, found.page.items), purse=purse)
    return Page(mine, found.page.next_position)


def _find_by_price(work: Work, head: Head, *, ask: Ask, wanted: Wanted) -> Found:
    """Return the wanted rewards, cheapest first, out of the newest that one page may look at."""
    whole = Ask(ask.category, CHUNK * CHUNKS_MAX, None)
    found = _find(work, head, ask=whole, wanted=wanted)
    sorted_by = {place_by_price(reward): reward for reward in found.page.items}
    places = [place for place in sorted(sorted_by) if place > (ask.after or "")]
    shown = places[: ask.limit]
    after = shown[-1] if len(places) > len(shown) else None
    return Found(Page([sorted_by[place] for place in shown], after), found.turns_at)


def _find(work: Work, head: Head, *, ask: Ask, wanted: Wanted) -> Found:
    """Return the wanted rewards that are shown now, out of as many chunks as that takes."""
    found: list[Reward] = []
    seen: list[Reward] = []
    after = ask.after
    for _ in range(CHUNKS_MAX):
        chunk = rewards.page_at(work, head, category=ask.category, limit=CHUNK, after=after)
        seen += chunk.items
        found += wanted([reward for reward in chunk.items if is_shown(reward, work.now)])
        after = chunk.next_position
        if after is None or len(found) > ask.limit:
            break
    turns = turns_at(seen, work.now)
    if len(found) > ask.limit:
        found = found[: ask.limit]
        after = rewards.position_behind(found[-1], ask.category)
    return Found(Page(found, after), turns)


def _wished(work: Work, rewards: Sequence[Reward], *, wish: Wish, purse: Purse) -> Sequence[Reward]:
    """Return what a member wants to see; stock is asked of where it decides."""
    if wish.affordable is not None:
        rewards = [r for r in rewards if (r.points_from <= purse.points) == wish.affordable]
    if wish.use_soon is None:
        return rewards
    payable = _shown(work, [r for r in rewards if is_payable(r, purse, now=work.now)])
    soon = {seen.reward.id for seen in payable if fits(seen, purse, now=work.now)}
    return [reward for reward in rewards if (reward.id in soon) == wish.use_soon]


def _shown(work: Work, found: Sequence[Reward]) -> list[Shown]:
    hints = supply.hints(work, [reward.stock for reward in found])
    return [Shown(reward, hints[reward.id]) for reward in found]


def _as_seen_by(work: Work, opened: Opened, *, shown: Sequence[Shown], purse: Purse) -> list[Mine]:
    """Return what is locked for a member; counters are read for rewards with limits only."""
    member_id, today, zone = opened.wallet.member_id, opened.today, opened.program.zone
    unread = {
        seen.reward.id: limits.counters(member_id, seen.reward, today=today, zone=zone)
        for seen in shown
    }
    read = iter(limits.read(work, [counter for each in unread.values() for counter in each]))
    counted = {reward_id: list(islice(read, len(each))) for reward_id, each in unread.items()}
    return [
        Mine(
            seen,
            locks_of(seen.reward, Taker(), counters=counted[seen.reward.id], points=purse.points),
            fits(seen, purse, now=work.now),
        )
        for seen in shown
    ]
