"""A small house with one route for each thing that the edges do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from chalicelib.kernel.errors import Conflict, Language, NotFound
from chalicelib.kernel.pages import PAGE_MAX, Page
from chalicelib.web.bodies import Body, Flag, Integer, MoneyIn, PageQuery, Query, View
from chalicelib.web.calls import Answer, Cache, Call
from chalicelib.web.house import House
from chalicelib.web.identity import OPERATOR, PUBLIC
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Routes
from tests.events import Reply

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAST = 150
"""The last number of the list that the house tells."""


class Draft(Body):
    """What one may order here."""

    thing: str
    quantity: int = Field(default=1, ge=1, le=20)
    paid: MoneyIn | None = None
    tags: list[str] = Field(default_factory=list)


class Busy(Conflict):
    """What a view raises unless a test says otherwise."""

    code = "busy"
    en = "Not now."
    zh = "现在不行。"


class Text(Body):
    """A text in both languages."""

    zh: str
    en: str

    def told(self, language: Language) -> str:
        """Return the text in one language."""
        return self.zh if language == "zh-CN" else self.en


class Name(Body):
    """A name in both languages."""

    name: Text


class Asked(Query):
    """A query of each sort."""

    count: Integer = 0
    affordable: Flag = False
    word: str | None = None


class Seen(View):
    """What a view saw of its call."""

    text: str


class Opaque(View):
    """Something that no JSON can hold."""

    anything: Any


class Number(View):
    """One item of the list."""

    number: int


class StoppedClock:
    """A clock that stands at noon."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON


@dataclass
class Small:
    """The house, the calls that its views saw, and what a view is to raise."""

    app: House = field(default_factory=lambda: House(clock=StoppedClock()))
    calls: list[Call[Any, Any]] = field(default_factory=list)
    raising: Callable[[], Exception] = Busy
    answer: Answer | None = None
    gate: threading.Barrier | None = None

    def last(self) -> Call[Any, Any]:
        """Return the latest call."""
        return self.calls[-1]


def a_small_house() -> Small:
    """Return a fresh one."""
    small = Small()
    routes = Routes(__name__)
    reading(routes, small)
    failing(routes, small)
    writing(routes, small)
    small.app.register_blueprint(routes)
    return small


def reading(routes: Routes, small: Small) -> None:
    """Declare what only reads."""

    @routes.get("/open", roles=PUBLIC, summary="Open", answer=Seen, query=Asked)
    def opened(call: Call[None, Asked]) -> Seen:
        small.calls.append(call)
        return Seen(text=f"{call.query.count} {call.query.affordable} {call.query.word}")

    @routes.get("/things/{id}/parts/{part}", roles=("member",), summary="Part", answer=Seen)
    def part(call: Call[None]) -> Seen:
        small.calls.append(call)
        return Seen(text=f"{call.path['id']} {call.path['part']}")

    @routes.get("/me", roles=("member",), summary="Me", answer=Seen)
    def me(call: Call[None]) -> Seen:
        if small.gate:
            small.gate.wait()
        return Seen(text=call.identity.subject)

    @routes.get("/page", roles=PUBLIC, summary="Page", answer=Seen, tagged=True)
    def page(call: Call[None]) -> Answer:
        return Answer(Seen(text=call.language), cache=Cache(seconds=5))

    @routes.get(
        "/counts", roles=("member",), summary="Counts", answer=Paged[Number], query=PageQuery
    )
    @routes.get(
        "/numbers", roles=("member",), summary="Numbers", answer=Paged[Number], query=PageQuery
    )
    def numbers(call: Call[None, PageQuery]) -> Paged[Number]:
        small.calls.append(call)
        start = int(position_of(call) or "0")
        end = min(start + call.query.limit, LAST)
        assert call.query.limit <= PAGE_MAX
        found = Page(range(start, end), str(end) if end < LAST else None)
        return paged(call, found, view=lambda number: Number(number=number))


def failing(routes: Routes, small: Small) -> None:
    """Declare what goes wrong."""

    @routes.get("/raise", roles=PUBLIC, summary="Raise", answer=Seen)
    def raising(call: Call[None]) -> Seen:
        small.calls.append(call)
        raise small.raising()

    @routes.get("/opaque", roles=PUBLIC, summary="Opaque", answer=Opaque)
    def opaque(call: Call[None]) -> Opaque:
        small.calls.append(call)
        return Opaque(anything=object())


def writing(routes: Routes, small: Small) -> None:
    """Declare what changes something."""

    @routes.post(
        "/orders", roles=("member",), key=True, summary="Order", answer=Seen, status=201, body=Draft
    )
    def order(call: Call[Draft]) -> Answer | Seen:
        small.calls.append(call)
        return small.answer or Seen(text=call.body.thing)

    @routes.post("/me", roles=("member",), summary="Enrol", answer=Seen)
    def enrol(call: Call[None]) -> Seen:
        small.calls.append(call)
        return Seen(text="welcome")

    @routes.put("/admin/name", roles=OPERATOR, match=True, summary="Rename", answer=Seen, body=Name)
    def rename(call: Call[Name]) -> Answer:
        small.calls.append(call)
        return Answer(Seen(text=call.body.name.told("en")), version=call.if_match + 1)

    @routes.post("/things/{id}/cancel", roles=("member",), key=True, summary="Cancel", answer=Seen)
    def cancel(call: Call[None]) -> Seen:
        small.calls.append(call)
        raise NotFound

    @routes.post("/desk", roles=("partner", "channel"), summary="Desk", answer=Seen, bytes_max=100)
    def desk(call: Call[None]) -> Seen:
        small.calls.append(call)
        return Seen(text=call.identity.client)


def is_problem(reply: Reply, status: int, code: str) -> bool:
    """Tell whether an answer is a complete problem of a code."""
    found = reply.json
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "no-store"
    assert found["type"] == f"/problems/{code}"
    assert found["title"]
    assert found["detail"]
    assert found["instance"] == "urn:jifen:request:req-1"
    return (reply.status, found["status"], found["code"]) == (status, status, code)
