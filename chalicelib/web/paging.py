"""Lists: `{"items": […], "next_cursor": … or null}`.

A cursor is bound to the route, its path, the caller and every other query parameter but `limit`,
which may change from page to page; `kernel.pages` seals it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from chalicelib.kernel.pages import Page, seal, unseal
from chalicelib.settings import settings
from chalicelib.web.bodies import PageQuery, View
from chalicelib.web.calls import Call

T = TypeVar("T")
V = TypeVar("V", bound=View)
B = TypeVar("B")
P = TypeVar("P", bound=PageQuery)


class Paged(View, Generic[V]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[V]
    next_cursor: str | None


def position_of(call: Call[B, P]) -> str | None:
    """Return where the caller's cursor continues, None at the beginning of the list."""
    if call.query.cursor is None:
        return None
    return unseal(settings().secret, query=query_of(call), cursor=call.query.cursor)


def paged(call: Call[B, P], page: Page[T], *, view: Callable[[T], V]) -> Paged[V]:
    """Return a page as an answer."""
    cursor = cursor_after(call, page.next_position)
    return Paged(items=[view(item) for item in page.items], next_cursor=cursor)


def cursor_after(call: Call[B, P], position: str | None) -> str | None:
    """Return the cursor of the page behind a position, None where there is none."""
    if position is None:
        return None
    return seal(settings().secret, query=query_of(call), position=position)


def query_of(call: Call[B, P]) -> str:
    """Return what a cursor is bound to."""
    asked = call.query.model_dump(mode="json", exclude={"cursor", "limit"})
    told = [call.route, sorted(call.path.items()), call.identity.subject, sorted(asked.items())]
    return repr(told)
