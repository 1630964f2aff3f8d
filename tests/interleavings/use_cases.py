"""The requests that meet: each function prepares one on the scene, and returns how to send it.

Prepared twice, a function returns two different requests: each has a key, or an id, of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.kernel.errors import Refusal
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.ledger.wallets import service as wallets
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.progress import service as progress
from tests.builders import LATER
from tests.corrections import adjust
from tests.events import Api, Json, Reply, a_caller
from tests.interleavings.actors import Send
from tests.interleavings.scene import REFUNDS_OF_GUESTS, REFUNDS_OF_LIN, Scene
from tests.mall import a_purchase, a_reward, id_of

Prepare = Callable[[Scene], Send]


def place(scene: Scene) -> Send:
    return _order(scene, scene.lin, scene.mug)


def place_once_a_day(scene: Scene) -> Send:
    return _order(scene, scene.lin, scene.tea)


def purchase(scene: Scene) -> Send:
    _, body = scene.lin, a_purchase("lin", 50, f"lin-{next(scene.numbers) + 1}")
    return lambda: scene.mall.till.post("/purchases", body)


def refund_purchase(scene: Scene) -> Send:
    _, body = scene.lin, {"refund_id": f"r-{next(scene.numbers)}", "amount": 7000}
    return lambda: scene.mall.till.post(REFUNDS_OF_LIN, body)


def freeze(scene: Scene) -> Send:
    path = f"{scene.member_path()}/freeze"
    return lambda: scene.mall.support.post(path, {"reason": "lost card"})


def exempt(scene: Scene) -> Send:
    _ = scene.lin
    return lambda: _done(lambda: wallets.exempt(scene.work, id_of("lin"), until=LATER))


def give(scene: Scene) -> Send:
    return _adjusted(scene, 30)


def take_back(scene: Scene) -> Send:
    return _adjusted(scene, -70)


def erase(scene: Scene) -> Send:
    lin = scene.lin
    return lambda: lin.delete("/me", {"confirm": True})


def verify(scene: Scene) -> Send:
    path = f"{scene.member_path()}/verify"
    return lambda: scene.mall.support.get(path)


def cancel(scene: Scene) -> Send:
    return _cancelled(scene, scene.order(scene.mug))


def refund_order(scene: Scene) -> Send:
    return _refunded(scene, scene.order(scene.mug))


def approve(scene: Scene) -> Send:
    return _decided(scene, scene.waiting, "approve")


def reject(scene: Scene) -> Send:
    return _decided(scene, scene.waiting, "reject")


def cancel_waiting(scene: Scene) -> Send:
    return _cancelled(scene, scene.waiting)


def time_out(scene: Scene) -> Send:
    _ = scene.waiting
    scene.mall.clock.advance(hours=73)
    return lambda: _done(lambda: _end_overdue(scene))


def claim(scene: Scene) -> Send:
    return _claimed(scene, scene.lin)


def claim_by_may(scene: Scene) -> Send:
    return _claimed(scene, scene.may)


def refund_guests(scene: Scene) -> Send:
    _, body = scene.guests, {"refund_id": f"r-{next(scene.numbers)}", "amount": 7000}
    return lambda: scene.mall.till.post(REFUNDS_OF_GUESTS, body)


def report_guests(scene: Scene) -> Send:
    _ = scene.guests
    report = {**a_purchase("lin", 100, "guests-1"), "member_id": None}
    return lambda: scene.mall.till.post("/purchases", report)


def report_as_lins(scene: Scene) -> Send:
    _, report = scene.lin, a_purchase("lin", 50, "disputed")
    return lambda: scene.mall.till.post("/purchases", report)


def report_as_mays(scene: Scene) -> Send:
    _, report = scene.may, a_purchase("may", 50, "disputed")
    return lambda: scene.mall.till.post("/purchases", report)


def cancel_bought(scene: Scene) -> Send:
    return _cancelled(scene, scene.bought)


def refund_bought(scene: Scene) -> Send:
    return _refunded(scene, scene.bought)


def refund_one_bought(scene: Scene) -> Send:
    return _refunded(scene, scene.bought, quantity=1, restock=True)


def send_bought(scene: Scene) -> Send:
    path, body = f"/orders/{scene.bought['id']}/fulfilment", {"tracking": scene.key()}
    return lambda: scene.mall.support.post(path, {"state": "sent", **body})


def buy_more(scene: Scene) -> Send:
    return _order(scene, scene.lin, scene.bought["reward_id"])


def fetch(scene: Scene) -> Send:
    path = f"/orders/{scene.fetchable['id']}/codes"
    return lambda: scene.lin.post(path)


def cancel_fetchable(scene: Scene) -> Send:
    return _cancelled(scene, scene.fetchable)


def refund_fetchable(scene: Scene) -> Send:
    return _refunded(scene, scene.fetchable, restock=True)


def change_settings(scene: Scene) -> Send:
    read = scene.mall.marketing.get("/admin/program")
    body = read.json | {"points_per_unit": 2 + next(scene.numbers)}
    tag = {"If-Match": read.headers["etag"]}
    return lambda: scene.mall.marketing.put("/admin/program", body, headers=tag)


def create_reward(scene: Scene) -> Send:
    body, key = a_reward(stock={"mode": "counted", "units": 1}), scene.key()
    return lambda: scene.mall.marketing.post("/admin/rewards", body, key=key)


def enrol(scene: Scene) -> Send:
    api = Api(scene.mall.app, a_caller("member", subject="new"))
    return lambda: api.post("/me", {"name": scene.mall.clock.now().isoformat()})


def enrol_first(scene: Scene) -> Send:
    api = Api(scene.mall.app, a_caller("member", subject=f"new-{next(scene.numbers)}"))
    return lambda: api.post("/me")


def enrol_at_till(scene: Scene) -> Send:
    body = {"name": scene.key(), "phone": "+8613800000001"}
    return lambda: scene.mall.till.post("/members", body)


def _order(scene: Scene, api: Api, reward: str, quantity: int = 1) -> Send:
    body, key = {"reward_id": reward, "quantity": quantity}, scene.key()
    return lambda: api.post("/orders", body, key=key)


@dataclass(frozen=True, slots=True)
class OfStock:
    """What can happen to the units of a kind of stock: `cups`, `prints` or `vouchers`."""

    kind: str

    def cases(self) -> dict[str, Prepare]:
        """Return the use cases by name."""
        return {
            "place": self.place,
            "place by another": self.place_by_another,
            "place two": self.place_two,
            "cancel": self.cancel,
            "refund": self.refund,
            "withdraw": self.withdraw,
            "edit": self.edit,
            "add": self.add_codes if self.kind == "vouchers" else self.add,
        }

    def place(self, scene: Scene) -> Send:
        return _order(scene, scene.lin, self._reward(scene))

    def place_by_another(self, scene: Scene) -> Send:
        return _order(scene, scene.may, self._reward(scene))

    def place_two(self, scene: Scene) -> Send:
        return _order(scene, scene.may, self._reward(scene), 2)

    def cancel(self, scene: Scene) -> Send:
        return _cancelled(scene, scene.order(self._reward(scene)))

    def refund(self, scene: Scene) -> Send:
        return _refunded(scene, scene.order(self._reward(scene)), restock=True)

    def withdraw(self, scene: Scene) -> Send:
        path, key = f"/admin/rewards/{self._reward(scene)}/stock/withdraw", scene.key()
        return lambda: scene.mall.marketing.post(path, {"units": 1}, key=key)

    def edit(self, scene: Scene) -> Send:
        path = f"/admin/rewards/{self._reward(scene)}"
        read = scene.mall.marketing.get(path)
        body, tag = {**read.json, "category": scene.key()}, {"If-Match": read.headers["etag"]}
        return lambda: scene.mall.marketing.put(path, body, headers=tag)

    def add(self, scene: Scene) -> Send:
        path, key = f"/admin/rewards/{self._reward(scene)}/stock", scene.key()
        return lambda: scene.mall.marketing.post(path, {"add": 1}, key=key)

    def add_codes(self, scene: Scene) -> Send:
        # Every import brings this code and one of its own.
        path = scene.previewed(self._reward(scene), "CODE-3", f"CODE-{scene.key()}")
        return lambda: scene.mall.marketing.post(path)

    def _reward(self, scene: Scene) -> str:
        return str(getattr(scene, self.kind))


def _cancelled(scene: Scene, order: Json) -> Send:
    path, key = f"/orders/{order['id']}/cancel", scene.key()
    return lambda: scene.lin.post(path, key=key)


def _refunded(scene: Scene, order: Json, **body: object) -> Send:
    path, key = f"/orders/{order['id']}/refunds", scene.key()
    return lambda: scene.mall.support.post(path, body, key=key)


def _decided(scene: Scene, order: Json, decision: str) -> Send:
    path, key = f"/orders/{order['id']}/review", scene.key()
    body = {"decision": decision, "reason": "looked at"}
    return lambda: scene.mall.support.post(path, body, key=key)


def _claimed(scene: Scene, api: Api) -> Send:
    body, key = {"claim_code": scene.guests}, scene.key()
    return lambda: api.post("/me/claims", body, key=key)


def _adjusted(scene: Scene, points: int) -> Send:
    _, asked = scene.lin, Adjustment(id_of("lin"), points, "looked at", by="op", key=scene.key())
    return lambda: _done(lambda: adjust(scene.work, asked))


def _end_overdue(scene: Scene) -> None:
    payments = scene.mall.app.payments()
    for name in orders.overdue(scene.work):
        progress.current(scene.work, payments, order=orders.find(scene.work, name))


def _done(use_case: Callable[[], object]) -> Reply:
    """Carry out what has no route, and answer as a route would, without a body."""
    try:
        use_case()
    except Refusal as refusal:
        return Reply(409, {}, json.dumps({"code": refusal.code}))
    return Reply(200, {}, "{}")
