"""One request for each code of orders, codes and claims that is answered with it."""

from __future__ import annotations

from tests.events import Api
from tests.mall import Mall, a_purchase, made
from tests.orders import placed
from tests.refused import Prepare, Send


def about_order(path: str, body: object = None, *, by: str = "support") -> Prepare:
    """Return how an order is placed and then asked about."""

    def prepare(mall: Mall) -> Send:
        lin = mall.member(points=100)
        order = placed(lin, mall.reward(10))
        api: Api = lin if by == "member" else mall.support
        return lambda headers: api.post(
            f"/orders/{order['id']}/{path}", body, key="refused", headers=headers
        )

    return prepare


def cancelled(prepare: Prepare) -> Prepare:
    """Return how the same is done a day later: nobody may cancel by then."""

    def late(mall: Mall) -> Send:
        send = prepare(mall)
        mall.clock.advance(days=1)
        return send

    return late


def order_not_settled(mall: Mall) -> Send:
    lin = mall.member(points=100)
    order = placed(lin, mall.reward(10))
    made(lin.post(f"/orders/{order['id']}/cancel", key="c"), 200)
    path = f"/orders/{order['id']}/refunds"
    return lambda headers: mall.support.post(path, {}, key="refused", headers=headers)


def guest_code(mall: Mall) -> str:
    """Return the claim code of a guest's purchase."""
    sale = {**a_purchase("nobody", 10, "p-guest"), "member_id": None}
    return str(made(mall.till.post("/purchases", sale), 201)["claim_code"])


def claiming(mall: Mall, code: str) -> Send:
    """Return how a new member claims a code."""
    api = mall.member()
    body = {"claim_code": code}
    return lambda headers: api.post("/me/claims", body, key="refused", headers=headers)


def already_claimed(mall: Mall) -> Send:
    code = guest_code(mall)
    made(mall.member().post("/me/claims", {"claim_code": code}, key="first"), 201)
    return claiming(mall, code)


def claim_expired(mall: Mall) -> Send:
    code = guest_code(mall)
    mall.clock.advance(days=31)
    return claiming(mall, code)


def stock_coded(mall: Mall) -> Send:
    path = f"/admin/rewards/{mall.reward(stock={'mode': 'coded'})}/stock"
    return lambda headers: mall.marketing.post(path, {"add": 1}, key="add", headers=headers)


def stock_not_coded(mall: Mall) -> Send:
    path = f"/admin/rewards/{mall.reward()}/codes"
    return lambda headers: mall.marketing.post(path, {"csv": "AB-1"}, key="csv", headers=headers)


VERDICT = {"decision": "approve", "reason": "looked at"}
order_not_cancellable = cancelled(about_order("cancel", by="member"))
order_not_in_review = about_order("review", VERDICT)
refund_exceeds_order = about_order("refunds", {"quantity": 2})
no_codes = about_order("codes", by="member")
nothing_to_send = about_order("fulfilment", {"state": "sent"})
