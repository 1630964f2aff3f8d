"""Reading lists of rewards, and the calls that this costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from chalicelib.catalog.rewards.store import SHELF, RewardItem
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.ids import REWARD_CHARS, base62
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests.events import Api, Reply
from tests.mall import Mall, made


@contextmanager
def calls() -> Iterator[list[str]]:
    """List the calls to the database that are made inside."""
    made_calls: list[str] = []
    events = connection().connection.client.meta.events

    def note(model: Any, **_: object) -> None:
        made_calls.append(model.name)

    events.register("before-call.dynamodb", note)
    try:
        yield made_calls
    finally:
        events.unregister("before-call.dynamodb", note)


def copies(mall: Mall, reward_id: str, *, count: int) -> None:
    """Copy a reward, newest last, into the table alone: fast, and enough for looking at it."""
    key = ("catalog", f"R#{reward_id}")
    raw = fetch_raw(Work(mall.clock.now()), [key])[key]
    with RewardItem.batch_write() as batch:
        for number in range(count):
            item = RewardItem.read(raw)
            item.sort = f"R#rwd_{base62(number, REWARD_CHARS)}"
            item.l1 = f"{SHELF}{rfc3339(mall.clock.now() + timedelta(seconds=1 + number))}"
            batch.save(item)


def ids(reply: Reply) -> list[str]:
    """Return the ids of a page."""
    return [reward["id"] for reward in made(reply, 200)["items"]]


def all_pages(api: Api, path: str) -> list[str]:
    """Return the ids of a whole list, page by page; the path has a query already."""
    found: list[str] = []
    cursor = ""
    while True:
        page = api.get(path + cursor)
        found += ids(page)
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
