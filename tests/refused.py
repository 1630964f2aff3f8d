"""One request for each code of the program that is answered with it.

Each function prepares what has to be so, and returns how to send the request that is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.catalog.stock.rules import SHARD_UNITS_MAX
from tests.crashes import Hours
from tests.events import MEMBER, SUPPORT, Api, Reply, a_caller
from tests.faults import Fault, faults
from tests.mall import Mall, a_purchase, a_reward, id_of, made
from tests.rows import overwrite, row

Headers = Mapping[str, str]
Send = Callable[[Headers], Reply]
Prepare = Callable[[Mall], Send]

LATER: Final = {"from": "2027-01-01T00:00:00Z", "until": None}


@dataclass(frozen=True, slots=True)
class NoClock:
    """A clock that has stopped working: a bug of ours, for once."""

    def now(self) -> datetime:
        """Break."""
        raise RuntimeError("the secret reason")


def placing(api: Api, reward: str, *, key: str = "refused", **more: object) -> Send:
    """Return how to place an order."""
    body = {"reward_id": reward, **more}
    return lambda headers: api.post("/orders", body, key=key, headers=headers)


def key_required(mall: Mall) -> Send:
    lin = mall.member()
    return lambda headers: lin.post("/orders", {"reward_id": "x"}, headers=headers)


def key_invalid(mall: Mall) -> Send:
    return placing(mall.member(), "x", key="with spaces")


def key_reused(mall: Mall) -> Send:
    lin, mug = mall.member(points=100), mall.reward(10)
    made(lin.post("/orders", {"reward_id": mug}, key="spent"), 201)
    return placing(lin, mug, key="spent", quantity=2)


def proposed(mall: Mall) -> str:
    """Return where a correction waits for finance."""
    asked = {"member_id": id_of("mei"), "points": 2_000, "reason": "Miscounted."}
    told = made(mall.support.post("/admin/adjustments", asked, key="ask"), 201)
    return f"/admin/adjustments/{told['id']}"


def decided(mall: Mall) -> str:
    """Return where a correction stands that finance rejected."""
    mall.member("mei")
    path = proposed(mall)
    made(mall.finance.post(f"{path}/reject", {}, key="no"), 200)
    return path


def already_decided(mall: Mall) -> Send:
    path = decided(mall)
    return lambda headers: mall.finance.post(f"{path}/approve", {}, key="yes", headers=headers)


def self_approval(mall: Mall) -> Send:
    path, proposer = decided(mall), Api(mall.app, a_caller("finance", subject=SUPPORT.subject))
    return lambda headers: proposer.post(f"{path}/approve", {}, key="yes", headers=headers)


def member_erased(mall: Mall) -> Send:
    mei = mall.member("mei")
    path = proposed(mall)
    made(mei.delete("/me", {"confirm": True}), 200)
    return lambda headers: mall.finance.post(f"{path}/approve", {}, key="yes", headers=headers)


def malformed(mall: Mall) -> Send:
    lin = mall.member()
    return lambda headers: lin.post("/orders/quote", "{", headers={**headers, **JSON})


JSON: Final = {"Content-Type": "application/json"}


def too_large(mall: Mall) -> Send:
    lin = mall.member()
    return lambda headers: lin.post("/orders/quote", " " * 70_000, headers={**headers, **JSON})


def unsupported(mall: Mall) -> Send:
    lin, media = mall.member(), {"Content-Type": "text/plain"}
    return lambda headers: lin.post("/orders/quote", "{}", headers={**headers, **media})


def invalid(mall: Mall) -> Send:
    return placing(mall.member(), "x", quantity=0)


def unauthenticated(mall: Mall) -> Send:
    return lambda headers: Api(mall.app).get("/me", headers=headers)


def forbidden(mall: Mall) -> Send:
    return lambda headers: mall.support.post("/admin/rewards", a_reward(), key="k", headers=headers)


def frozen(mall: Mall) -> Send:
    lin, mug = mall.member("lin", points=100), mall.reward(10)
    path = f"/admin/members/{id_of('lin')}/freeze"
    made(mall.support.post(path, {"reason": "lost card"}), 200)
    return placing(lin, mug)


def account_erased(mall: Mall) -> Send:
    lin = mall.member("lin")
    made(lin.delete("/me"), 200)
    return lambda headers: lin.post("/me", headers=headers)


def not_enrolled(mall: Mall) -> Send:
    return lambda headers: Api(mall.app, MEMBER).get("/me", headers=headers)


def not_found(mall: Mall) -> Send:
    return placing(mall.member(points=100), "rwd_00000000000")


def method_not_allowed(mall: Mall) -> Send:
    lin = mall.member()
    return lambda headers: lin.call("DELETE", "/orders", headers=headers)


def phone_taken(mall: Mall) -> Send:
    phone = {"phone": "+8613800000001"}
    made(mall.till.post("/members", phone), 201)
    return lambda headers: mall.till.post("/members", phone, headers=headers)


def subject_taken(mall: Mall) -> Send:
    made(mall.till.post("/members", {"subject": "lin"}), 201)
    return lambda headers: mall.till.post("/members", {"subject": "lin"}, headers=headers)


def reporting(mall: Mall, **more: object) -> Send:
    """Return how to report a purchase of a new member."""
    mall.member("lin")
    body = {**a_purchase("lin", 10, "p-refused"), **more}
    return lambda headers: mall.till.post("/purchases", body, headers=headers)


def purchase_conflict(mall: Mall) -> Send:
    send = reporting(mall, paid={"amount": 2000, "currency": "cny"})
    made(mall.till.post("/purchases", a_purchase("lin", 10, "p-refused")), 201)
    return send


def currency_not_supported(mall: Mall) -> Send:
    return reporting(mall, paid={"amount": 2000, "currency": "usd"})


def occurred_out_of_range(mall: Mall) -> Send:
    return reporting(mall, occurred_at="2026-01-01T00:00:00Z")


def refund_exceeds(mall: Mall) -> Send:
    mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 10, "p-small")), 201)
    path, body = "/purchases/store-1/p-small/refunds", {"refund_id": "r", "amount": 1001}
    return lambda headers: mall.till.post(path, body, headers=headers)


def sold_out(mall: Mall) -> Send:
    lin, stock = mall.member(points=100), {"mode": "counted", "units": 1}
    return placing(lin, mall.reward(10, stock=stock), quantity=2)


def adding(mall: Mall, reward: str) -> Send:
    """Return how to add units to a reward."""
    path = f"/admin/rewards/{reward}/stock"
    return lambda headers: mall.marketing.post(path, {"add": 1}, key="add", headers=headers)


def stock_full(mall: Mall) -> Send:
    reward = mall.reward(stock={"mode": "counted", "units": 1, "peak_per_second": 1})
    overwrite(row(f"{reward}#0", "S"), m={"N": str(SHARD_UNITS_MAX)})
    return adding(mall, reward)


def stock_unlimited(mall: Mall) -> Send:
    return adding(mall, mall.reward())


def settings(mall: Mall, tag: Headers | None = None, **changes: object) -> Send:
    """Return how to change the settings."""
    read = mall.marketing.get("/admin/program")
    tags = {"If-Match": read.headers["etag"]} if tag is None else tag
    body = {**read.json, **changes}
    return lambda headers: mall.marketing.put("/admin/program", body, headers={**headers, **tags})


def zone_fixed(mall: Mall) -> Send:
    mall.member()
    return settings(mall, zone="Europe/Berlin")


def stale(mall: Mall) -> Send:
    return settings(mall, {"If-Match": '"99"'})


def match_required(mall: Mall) -> Send:
    return settings(mall, {})


def debt_open(mall: Mall) -> Send:
    lin, mug = mall.member("lin"), mall.reward(10)
    made(mall.till.post("/purchases", a_purchase("lin", 10, "p-back")), 201)
    made(lin.post("/orders", {"reward_id": mug}, key="spent"), 201)
    back = {"refund_id": "r", "amount": 1000}
    made(mall.till.post("/purchases/store-1/p-back/refunds", back), 201)
    return placing(lin, mug)


def insufficient_points(mall: Mall) -> Send:
    return placing(mall.member(points=9), mall.reward(10))


def limit_reached(mall: Mall) -> Send:
    mug = mall.reward(10, limits=[{"per": "ever", "units": 1}])
    return placing(mall.member(points=100), mug, quantity=2)


def not_eligible(mall: Mall) -> Send:
    gold: dict[str, object] = {"standing": "gold", "plan": None, "tags": []}
    return placing(mall.member(points=100), mall.reward(10, audience=gold))


def not_redeemable_now(mall: Mall) -> Send:
    return placing(mall.member(points=100), mall.reward(10, redeemable=LATER))


def campaign_unclear(mall: Mall) -> Send:
    body = {"multiplier_bp": 20_000}
    return lambda headers: mall.marketing.post("/admin/campaigns", body, headers=headers)


def too_many_tries(mall: Mall) -> Send:
    wrong = {"code": "0Ab1Cd2Ef3G4hI5jK6lM"}
    for _ in range(10):
        assert mall.till.post("/members/resolve", wrong).status == 404
    return lambda headers: mall.till.post("/members/resolve", wrong, headers=headers)


def internal(mall: Mall) -> Send:
    def send(headers: Headers) -> Reply:
        before, mall.app.clock = mall.app.clock, NoClock()
        reply = Api(mall.app, MEMBER).get("/me", headers=headers)
        mall.app.clock = before
        return reply

    return send


def without_end(mall: Mall, fault: Fault) -> Send:
    """Return how to place an order of which no write gets through."""
    lin, mug = mall.member(points=100), mall.reward(10)
    hours = Hours()

    def send(headers: Headers) -> Reply:
        before = (mall.app.pause, mall.app.elapsed)
        mall.app.pause, mall.app.elapsed = hours.pause, hours.elapsed
        with ExitStack() as spoiled:
            plan = dict.fromkeys(range(99), fault)
            spoiled.enter_context(faults(plan, only="TransactWriteItems"))
            reply = placing(lin, mug)(headers)
        mall.app.pause, mall.app.elapsed = before
        return reply

    return send


def contended(mall: Mall) -> Send:
    return without_end(mall, Fault.CONFLICT)


def unavailable(mall: Mall) -> Send:
    return without_end(mall, Fault.UNSENT)
