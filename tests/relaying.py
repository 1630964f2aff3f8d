"""A mall with its relay: a stream to read, an outbox to look into, and no waiting.

Whoever uses `desk` imports it; a table and a mall are made for each test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from app import app
from infra.local import jobs
from tests.events import Api, Json, a_caller
from tests.mall import Mall, made
from tests.outbox import Outbox, telling
from tests.rows import of_sort
from tests.tape import Tape

MAIL: Final = "lin@example.test"
PHONE: Final = "+8613800000001"
HELD: Final = "held-notices"


@dataclass
class Desk:
    """A mall, where its messages go, and its stream."""

    mall: Mall
    outbox: Outbox
    tape: Tape

    def lin(self, language: str = "en", *, points: int = 1000) -> Api:
        """Return a member with a mail address, of whom nothing is left to tell."""
        api = Api(app, a_caller("member", subject="lin"))
        made(api.post("/me", {"email": MAIL, "language": language}), 201)
        self.mall.earn("lin", points)
        assert self.play() == []
        assert self.outbox.sent == []
        return api

    def play(self) -> list[str]:
        """Let the relay read what has changed."""
        return self.tape.play(self.mall)

    def run_job(self, name: str = HELD) -> None:
        """Run a job now."""
        jobs.run(app, name, now=self.mall.clock.now())

    def waiting(self) -> list[str]:
        """Return the notices that still wait."""
        return [item["s"]["S"] for item in of_sort("N#") if "wk" in item]

    def parked(self) -> list[Json]:
        """Return what was put aside."""
        items: list[Json] = made(self.mall.support.get("/admin/parked"), 200)["items"]
        return items


@contextmanager
def a_desk(mall: Mall) -> Iterator[Desk]:
    """Return a mall whose relay waits for nothing."""
    before = (app.pause, app.elapsed)
    app.pause = lambda _: None
    try:
        with telling(mall) as outbox:
            yield Desk(mall, outbox, Tape())
    finally:
        app.pause, app.elapsed = before


def redeemed(lin: Api, reward: str, key: str = "k") -> Json:
    """Return an order that a member placed."""
    return made(lin.post("/orders", {"reward_id": reward}, key=key), 201)
