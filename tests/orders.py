"""Orders for tests: short ways to place one, to step it on, and to see what it holds."""

from __future__ import annotations

from typing import Any, Final

from infra.local import jobs
from tests.events import Api, Json, Reply
from tests.mall import Mall, made

ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000000",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
COUNTED: Final = {"mode": "counted", "units": 5}


def load_codes(mall: Mall, reward: str, codes: list[str]) -> Json:
    """Put codes on the shelf by an import, and return it."""
    path = f"/admin/rewards/{reward}/codes"
    body = {"csv": "\n".join(codes)}
    begun = made(mall.marketing.post(path, body, key=f"import-{next(mall.numbers)}"), 201)
    return made(mall.marketing.post(f"{path}/{begun['id']}/execute"), 200)


def placed(api: Api, reward: str, *, key: str = "k", **more: object) -> Json:
    """Return a new order."""
    return made(api.post("/orders", {"reward_id": reward, **more}, key=key), 201)


def cancel(api: Api, order: Json, *, key: str = "c") -> Reply:
    """Cancel an order as its member."""
    return api.post(f"/orders/{order['id']}/cancel", key=key)


def refund(mall: Mall, order: Json, *, key: str = "r", **body: object) -> Reply:
    """Refund an order as support."""
    return mall.support.post(f"/orders/{order['id']}/refunds", body, key=key)


def decide(mall: Mall, order: Json, decision: str, *, key: str = "d") -> Reply:
    """Decide about an order as support."""
    body = {"decision": decision, "reason": "looked at"}
    return mall.support.post(f"/orders/{order['id']}/review", body, key=key)


def send(mall: Mall, order: Json, **body: object) -> Reply:
    """Note what became of an order as support."""
    return mall.support.post(f"/orders/{order['id']}/fulfilment", {"state": "sent", **body})


def wallet(api: Api) -> Json:
    """Return a member's wallet."""
    return made(api.get("/me/wallet"), 200)


def units(mall: Mall, reward: str) -> dict[str, int]:
    """Return a reward's stock."""
    told = made(mall.marketing.get(f"/admin/rewards/{reward}/stock"), 200)
    return {name: told[name] for name in ("made", "free", "taken", "withdrawn")}


def newest(api: Api) -> Json:
    """Return a member's newest journal entry."""
    entry: Json = api.get("/me/journal?limit=1")["items"][0]
    return entry


def change_program(mall: Mall, **changes: Any) -> None:
    """Change the program's settings as marketing."""
    document = mall.marketing.get("/admin/program")
    tag = {"If-Match": document.headers["etag"]}
    made(mall.marketing.put("/admin/program", document.json | changes, headers=tag), 200)


def review_above(mall: Mall, *, yuan: int | None = None, per_hour: int | None = None) -> None:
    """Let orders beyond a worth, or a number in an hour, wait for a look."""
    worth = None if yuan is None else {"amount": yuan * 100, "currency": "cny"}
    change_program(mall, review={"redemptions_per_hour": per_hour, "worth": worth})


def run_expiry(mall: Mall) -> None:
    """Run the job that books what has expired and reminds members."""
    jobs.run(mall.app, "expiry", now=mall.clock.now())


def run_deadlines(mall: Mall) -> None:
    """Run the job that ends what waited too long."""
    jobs.run(mall.app, "order-deadlines", now=mall.clock.now())
