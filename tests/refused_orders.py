"""One request for each code of orders, codes and claims that is answered with it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.gateways.payments.rules import CHARGE_MAX, CHARGE_MIN
from tests.events import Api
from tests.mall import Mall, a_purchase, made
from tests.orders import ADDRESS, placed
from tests.refused import Prepare, Send, placing
from tests.stripes import taking_money
from tests.webhooks import tell_all


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


def orders_open(mall: Mall) -> Send:
    lin = mall.member(points=100)
    placed(lin, mall.reward(10), address=ADDRESS)
    return lambda headers: lin.delete("/me", headers=headers)


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


def paying(mall: Mall, cash: int) -> Send:
    """Return how to place an order with a cash part, of two units."""
    options = [{"points": 10, "cash": {"amount": cash, "currency": "cny"}}]
    return placing(mall.member(points=100), mall.reward(options=options), quantity=2)


def cash_below_minimum(mall: Mall) -> Send:
    return paying(mall, CHARGE_MIN["cny"] // 2 - 1)


def cash_not_chargeable(mall: Mall) -> Send:
    return paying(mall, CHARGE_MAX)


def paid(mall: Mall, *, disputed: bool = False) -> str:
    """Return where an order is that was paid; a refusal asks nobody at Stripe any more."""
    with TemporaryDirectory() as home, taking_money(mall, Path(home)) as stripe:
        options = [{"points": 10, "cash": {"amount": 2990, "currency": "cny"}}]
        lin = mall.member(points=100)
        order = placed(lin, mall.reward(options=options))
        assert stripe.pay_order(order["id"], "disputed" if disputed else "ok") == "succeeded"
        tell_all(mall, stripe)
        told = made(lin.get(f"/orders/{order['id']}"), 200)
        assert (told["status"], told["dispute"]) == ("settled", "open" if disputed else None)
    return f"/orders/{order['id']}"


def cash_refund_exceeds_order(mall: Mall) -> Send:
    path, body = f"{paid(mall)}/refunds", {"amount": 2991}
    return lambda headers: mall.support.post(path, body, key="refused", headers=headers)


def order_disputed(mall: Mall) -> Send:
    path = f"{paid(mall, disputed=True)}/refunds"
    return lambda headers: mall.support.post(path, {}, key="refused", headers=headers)


def signature_invalid(mall: Mall) -> Send:
    forged = {"Stripe-Signature": f"t=1,v1={'0' * 64}"}
    stranger = Api(mall.app)
    return lambda headers: stranger.post("/webhooks/stripe", "{}", headers={**headers, **forged})


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
