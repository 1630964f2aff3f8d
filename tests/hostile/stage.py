"""A mall in which every operation finds what it asks for, so that only what is hostile is refused.

`Stage.send` sends an operation its declared example with real ids in it, as somebody who may,
under a fresh key; a test replaces one thing. What an operation uses up is made anew each time.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypedDict, Unpack

from chalicelib.kernel.clock import rfc3339
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests.campaigns import begun, doubling
from tests.events import CHANNEL, FINANCE, MARKETING, SUPPORT, Api, Reply, a_caller
from tests.hostile.contract import Operation
from tests.invariants import snapshot
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made

Json = Any
POINTS: Final = 1_000_000
YUAN: Final = 1_000_000
PREFIXED: Final = re.compile(r"[a-z]{3}_[0-9A-Za-z]+")
DESKS: Final = {"marketing": MARKETING, "support": SUPPORT, "finance": FINANCE, "channel": CHANNEL}
ADDRESS: Final = {
    "name": "Lin",
    "phone": "+8613800000001",
    "line1": "1 Tea Street",
    "city": "Hangzhou",
    "country": "CN",
}
WRITES: Final = frozenset(
    {"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}
)
STRICT: Final = {"redemptions_per_hour": 1, "worth": {"amount": 1, "currency": "cny"}}
"""Thresholds under which any order is looked at."""


class Sent(TypedDict, total=False):
    """What a test says itself: `path` is a whole address, `query` what follows its `?`."""

    body: object
    path: str
    query: str
    headers: Mapping[str, str]
    caller: Api


@dataclass
class Stage:
    """The mall, and what is there by the prefix of its id."""

    mall: Mall
    names: dict[str, str] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def open(self) -> None:
        """Put one of each thing on the stage."""
        # The examples' purchase happened at four in the afternoon.
        self.mall.clock.advance(hours=5)
        self.lin = self.mall.member("lin", points=POINTS)
        self.names["mem"] = id_of("lin")
        self.names["rwd"] = self.mall.reward(1)
        self.names["ord"] = self.order()
        sale = {**a_purchase("lin", YUAN, "p-real")}
        made(self.mall.till.post("/purchases", sale), 201)
        begin_campaign(self)
        self.come_and_go()

    def come_and_go(self) -> None:
        """Put a member on the stage who may leave for good."""
        self.leaving = self.mall.member(f"leaving-{next(self.numbers)}")

    def order(self, *, reward: str = "", points: int = 1) -> str:
        """Return a new order of Lin's, with an address."""
        body = {"reward_id": reward or self.mall.reward(points), "address": ADDRESS}
        answer = self.lin.post("/orders", body, key=self.key())
        return str(made(answer, 201)["id"])

    def key(self) -> str:
        """Return a key that nobody has used."""
        return f"key-{next(self.numbers)}"

    @contextmanager
    def untouched(self) -> Iterator[Callable[[], bool]]:
        """Return what tells whether the table is as it was when the block began.

        The table is read before the first write that is tried, and not at all where none is.
        """
        before: list[bytes] = []
        events = connection().connection.client.meta.events

        def look(model: Any, **_: object) -> None:
            if model.name in WRITES and not before:
                before.append(snapshot(Work(self.mall.clock.now())))

        def is_untouched() -> bool:
            return not before or snapshot(Work(self.mall.clock.now())) == before[0]

        events.register("before-call.dynamodb", look)
        try:
            yield is_untouched
        finally:
            events.unregister("before-call.dynamodb", look)

    def prepare(self, operation: Operation) -> None:
        """Put on the stage what an operation uses up."""
        # Wrong tries of codes are counted by the hour and by the minute.
        self.mall.clock.advance(minutes=7)
        self.names["mem"] = id_of("lin")
        preparing = PREPARED.get(operation.route)
        if preparing:
            preparing(self)

    def caller(self, operation: Operation) -> Api:
        """Return somebody who may call an operation, with whom it does something."""
        if operation.route == "POST /v1/me":
            return Api(self.mall.app, a_caller("member", subject=f"new-{next(self.numbers)}"))
        if operation.route == "DELETE /v1/me":
            return self.leaving
        if not operation.roles:
            return Api(self.mall.app)
        if "member" in operation.roles:
            return self.lin
        return Api(self.mall.app, DESKS[operation.roles[0]])

    def parameters(self, operation: Operation) -> dict[str, str]:
        """Return the names in an operation's path, each of something that is there."""
        given = {"channel": CHANNEL_NAME, "purchase_id": "p-real", "task": "share"}
        return {
            told["name"]: given.get(told["name"]) or self.real(told["example"])
            for told in operation.parameters("path")
        }

    def body(self, operation: Operation) -> dict[str, Json]:
        """Return a body that is good now."""
        if operation.method == "PUT":
            present: dict[str, Json] = self.caller(operation).get(self.address(operation)).json
            return present
        number = next(self.numbers)
        fresh: dict[str, Json] = {
            "purchase_id": f"p-{number}",
            "refund_id": f"r-{number}",
            "phone": f"+86139{number:08}",
            "evidence": f"https://example.test/posts/{number}",
        }
        body: dict[str, Json] = self.real(operation.example)
        if "multiplier_bp" in body:
            fresh |= {"window": self.window(), "member_day": None}
        return body | {name: value for name, value in fresh.items() if name in body}

    def window(self) -> dict[str, str]:
        """Return a window that is over before the next operation: campaigns must not overlap."""
        now = self.mall.clock.now()
        return {"from": rfc3339(now), "until": rfc3339(now + timedelta(minutes=5))}

    def real(self, told: Json) -> Json:
        """Return JSON in which the ids of examples are those of what is there."""

        def replaced(found: re.Match[str]) -> str:
            return self.names.get(found[0][:3], found[0])

        return json.loads(PREFIXED.sub(replaced, json.dumps(told)))

    def address(self, operation: Operation, **instead: str) -> str:
        """Return an operation's path, with some of its names replaced."""
        told = self.parameters(operation) | instead
        # Not by `format`: what is hostile may hold braces.
        path = operation.path.removeprefix("/v1")
        return re.sub(r"\{(\w+)\}", lambda found: told[found[1]], path)

    def headers(self, operation: Operation) -> dict[str, str]:
        """Return the headers that an operation asks for."""
        headers = {}
        if any(told["name"] == "Idempotency-Key" for told in operation.parameters("header")):
            headers["Idempotency-Key"] = self.key()
        if operation.asks_for("If-Match"):
            path = self.address(operation)
            headers["If-Match"] = self.caller(operation).get(path).headers["etag"]
        return headers

    def send(self, operation: Operation, **sent: Unpack[Sent]) -> Reply:
        """Send an operation, good but for what is said."""
        api = sent.get("caller") or self.caller(operation)
        path = sent.get("path") or self.address(operation)
        query = sent.get("query")
        body = sent.get("body")
        if "body" not in sent and operation.body:
            body = self.body(operation)
        headers = self.headers(operation) | dict(sent.get("headers", {}))
        if body is not None:
            headers["Content-Type"] = "application/json"
        target = f"{path}?{query}" if query else path
        return api.call(operation.method, target, body=body, headers=headers)


def settle(stage: Stage) -> None:
    """Put a settled order on the stage."""
    stage.names["ord"] = stage.order()


def send_to_review(stage: Stage) -> None:
    """Put an order on the stage that waits for a decision."""
    desk = stage.mall.marketing
    read = desk.get("/admin/program")
    told = {"If-Match": read.headers["etag"]}
    made(desk.put("/admin/program", {**read.json, "review": STRICT}, headers=told), 200)
    stage.names["ord"] = stage.order(points=100)


def bring_codes(stage: Stage) -> None:
    """Put a pool of codes on the stage, with an import that was looked through."""
    stage.names["rwd"] = stage.mall.reward(1, stock={"mode": "coded"})
    path = f"/admin/rewards/{stage.names['rwd']}/codes"
    # A code exists once, whichever reward has it.
    mark = next(stage.numbers)
    csv = f"CODE-{mark}-1\nCODE-{mark}-2\n"
    answer = stage.mall.marketing.post(path, {"csv": csv}, key=stage.key())
    stage.names["imp"] = str(made(answer, 201)["id"])


def sell_a_code(stage: Stage) -> None:
    """Put an order of a code on the stage."""
    bring_codes(stage)
    path = f"/admin/rewards/{stage.names['rwd']}/codes/{stage.names['imp']}/execute"
    made(stage.mall.marketing.post(path), 200)
    stage.names["ord"] = stage.order(reward=stage.names["rwd"])


def thaw(stage: Stage) -> None:
    """Put a member on the stage who may be stopped from spending."""
    subject = f"mei-{next(stage.numbers)}"
    stage.mall.member(subject)
    stage.names["mem"] = id_of(subject)


def freeze(stage: Stage) -> None:
    """Put a member on the stage whose spending is stopped."""
    thaw(stage)
    path = f"/admin/members/{stage.names['mem']}/freeze"
    made(stage.mall.support.post(path, {"reason": "before"}), 200)


def count_units(stage: Stage) -> None:
    """Put a reward on the stage whose units are counted."""
    stage.names["rwd"] = stage.mall.reward(1, stock={"mode": "counted", "units": 1_000_000})


def propose(stage: Stage) -> None:
    """Put a correction on the stage that waits for its second person."""
    asked = {"member_id": stage.names["mem"], "points": 2_000, "reason": "before"}
    answer = stage.mall.support.post("/admin/adjustments", asked, key=stage.key())
    stage.names["adj"] = str(made(answer, 201)["id"])


def begin_campaign(stage: Stage) -> None:
    """Put a campaign on the stage."""
    stage.names["cmp"] = begun(stage.mall, doubling(window=stage.window()))


def begin_a_day(stage: Stage) -> None:
    """Let a day begin on which nobody has checked in, or done a task."""
    stage.mall.clock.advance(days=1)


PREPARED: Final[Mapping[str, Callable[[Stage], None]]] = {
    "GET /v1/admin/adjustments/{id}": propose,
    "POST /v1/admin/adjustments/{id}/approve": propose,
    "POST /v1/admin/adjustments/{id}/reject": propose,
    "GET /v1/admin/campaigns/{id}": begin_campaign,
    "PUT /v1/admin/campaigns/{id}": begin_campaign,
    "POST /v1/admin/members/{id}/freeze": thaw,
    "POST /v1/admin/members/{id}/thaw": freeze,
    "GET /v1/admin/rewards/{id}/stock": count_units,
    "POST /v1/admin/rewards/{id}/stock": count_units,
    "POST /v1/admin/rewards/{id}/stock/withdraw": count_units,
    "GET /v1/admin/rewards/{id}/codes": bring_codes,
    "POST /v1/admin/rewards/{id}/codes": bring_codes,
    "GET /v1/admin/rewards/{id}/codes/{import}": bring_codes,
    "POST /v1/admin/rewards/{id}/codes/{import}/execute": bring_codes,
    "DELETE /v1/me": Stage.come_and_go,
    "POST /v1/me/check-ins": begin_a_day,
    "POST /v1/me/tasks/{task}": begin_a_day,
    "POST /v1/orders/{id}/cancel": settle,
    "POST /v1/orders/{id}/refunds": settle,
    "POST /v1/orders/{id}/fulfilment": settle,
    "POST /v1/orders/{id}/review": send_to_review,
    "POST /v1/orders/{id}/codes": sell_a_code,
}
"""What operations use up, or would not find."""
