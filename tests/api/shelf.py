"""Reading lists of rewards, and the calls that this costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.storage.table import connection
from tests.events import Api, Reply
from tests.mall import made


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
