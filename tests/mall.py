"""A small mall for tests: the real app over a fresh table, with a clock that tests move.

def test_…(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(points=300)
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 201
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.kernel.ids import member_id_of
from chalicelib.settings import settings
from chalicelib.web.house import House
from tests.events import CHANNEL, FINANCE, MARKETING, SUPPORT, Api, Json, Reply, a_caller

OPENING: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)
"""Noon in Shanghai, so that a few hours either way stay on the same day."""
CHANNEL_NAME: Final = "store-1"


@dataclass
class Hands:
    """A clock that stands still until a test moves it."""

    instant: datetime = OPENING

    def now(self) -> datetime:
        """Return where the hands are."""
        return self.instant

    def advance(self, **by: float) -> None:
        """Move on: `advance(days=30)`."""
        self.instant += timedelta(**by)


@dataclass
class Mall:
    """The app, its clock, and short ways to fill it through the front door."""

    app: House
    clock: Hands
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def till(self) -> Api:
        """Return a till of `store-1`."""
        return Api(self.app, CHANNEL)

    @property
    def marketing(self) -> Api:
        """Return an operator of marketing."""
        return Api(self.app, MARKETING)

    @property
    def support(self) -> Api:
        """Return an operator of support."""
        return Api(self.app, SUPPORT)

    @property
    def finance(self) -> Api:
        """Return an operator of finance."""
        return Api(self.app, FINANCE)

    def open(self) -> None:
        """Make the till's client known as a channel."""
        document = self.marketing.get("/admin/program")
        body = document.json | {"channels": {CHANNEL.client: CHANNEL_NAME}}
        body.pop("version", None)
        tag = document.headers["etag"]
        made(self.marketing.put("/admin/program", body, headers={"If-Match": tag}), 200)

    def member(self, subject: str = "", *, points: int = 0) -> Api:
        """Return a new member, who has earned points."""
        subject = subject or f"member-{next(self.numbers)}"
        api = Api(self.app, a_caller("member", subject=subject))
        made(api.post("/me"), 201)
        if points:
            self.earn(subject, points)
        return api

    def earn(self, subject: str, points: int) -> Json:
        """Let a member earn points by a purchase of as many yuan; return the answer."""
        number = next(self.numbers)
        return made(self.till.post("/purchases", a_purchase(subject, points, f"p-{number}")), 201)

    def reward(self, points: int = 100, **fields: Any) -> str:
        """Return the id of a new reward."""
        key = f"reward-{next(self.numbers)}"
        body = a_reward(points, **fields)
        answer = self.marketing.post("/admin/rewards", body, key=key)
        return str(made(answer, 201)["id"])


def made(reply: Reply, status: int) -> Json:
    """Return an answer's body; a test's own preparations must succeed."""
    assert reply.status == status, reply.text
    return reply.json


def id_of(subject: str) -> str:
    """Return the member id behind a subject."""
    return member_id_of(settings().secret, subject)


def a_purchase(subject: str, yuan: int, purchase_id: str) -> Mapping[str, object]:
    """Return the report of a purchase."""
    return {
        "channel": CHANNEL_NAME,
        "purchase_id": purchase_id,
        "member_id": id_of(subject),
        "paid": {"amount": yuan * 100, "currency": "cny"},
    }


def a_reward(points: int = 100, **fields: object) -> Mapping[str, object]:
    """Return a reward as an operator lists it; unlimited unless told otherwise."""
    return {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": points}],
        "stock": {"mode": "unlimited"},
        **fields,
    }
