"""What the house does: corrections by two people, frost, stock, parcels, refunds, decisions."""

from __future__ import annotations

from typing import Final

from tests.events import ADMIN, Api, Json
from tests.mall import made
from tests.year.redeeming import again, more_codes, settle
from tests.year.town import Person, Town

ALONE_MAX: Final = 1000
LOW: Final = 1
"""So few free units bring new ones."""
LATELY: Final = 60
"""So many paid orders back, one may be given back."""
WHY: Final = {"reason": "Looked at by two people."}


def correct(town: Town, who: Person) -> None:
    """Correct somebody's points: a little alone, more with a second person, who may say no."""
    points = town.dice.choice([town.dice.randint(-300, 300) or 1, town.dice.randint(1001, 2500)])
    asked = {"member_id": who.id, "points": points, "reason": "Counted again."}
    reply = town.mall.support.post("/admin/adjustments", asked, key=town.key())
    told = town.told("correction proposed", reply, "limit_reached")
    if told is None:
        return
    if told["status"] == "proposed":
        decide(town, told)
    else:
        town.sums.corrected(who.id, points)
        town.counts["correction alone"] += 1


def decide(town: Town, told: Json) -> None:
    """Let whoever proposed try to approve, which is refused, and somebody else decide."""
    path = f"/admin/adjustments/{told['id']}"
    alone = Api(town.mall.app, ADMIN)
    mine = {"member_id": told["member_id"], "points": 1500, "reason": "Mine."}
    if town.chance(0.3, of="self-approval"):
        own = made(alone.post("/admin/adjustments", mine, key=town.key()), 201)
        itself = alone.post(f"/admin/adjustments/{own['id']}/approve", WHY, key=town.key())
        town.refused(itself, "self_approval")
        no = town.mall.finance.post(f"/admin/adjustments/{own['id']}/reject", WHY, key=town.key())
        town.told("correction rejected", no)
    if town.chance(0.3, of="rejection"):
        no = town.mall.finance.post(f"{path}/reject", WHY, key=town.key())
        town.told("correction rejected", no)
        return
    yes = town.mall.finance.post(f"{path}/approve", WHY, key=town.key())
    town.told("correction approved", yes)
    town.sums.corrected(told["member_id"], told["points"])


def freeze_or_thaw(town: Town, who: Person) -> None:
    """Freeze somebody, or thaw who is frozen."""
    deed = "thaw" if who.is_frozen else "freeze"
    path = f"/admin/members/{who.id}/{deed}"
    town.told(deed, town.mall.support.post(path, {"reason": "A card was stolen."}, key=town.key()))
    who.is_frozen = not who.is_frozen
    if who.is_frozen and town.chance(0.5, of="spends when frozen"):
        again(town, who)


def restock(town: Town) -> None:
    """Look at every shelf, and fill what is low; now and then a unit breaks."""
    for what in ("mug", "print", "dear", "voucher"):
        path = f"/admin/rewards/{town.shelf[what]}/stock"
        free = made(town.mall.marketing.get(path), 200)["free"]
        if free > LOW:
            continue
        if what == "voucher":
            more_codes(town, town.dice.randint(5, 25))
        else:
            add = {"add": town.dice.randint(2, 4) if what == "print" else town.dice.randint(10, 40)}
            town.told("restock", town.mall.marketing.post(path, add, key=town.key()))
            broken = town.mall.marketing.post(f"{path}/withdraw", {"units": 1}, key=town.key())
            town.told("unit withdrawn", broken)


def send_parcels(town: Town) -> None:
    """Send what was paid; before that a part of some parcels goes back."""
    waiting, town.to_send = town.to_send, []
    for order_id in waiting:
        order = town.look(order_id)
        if order["status"] in {"awaiting_payment", "in_review"}:
            town.to_send.append(order_id)
        elif order["fulfilment"] == "pending" and order["dispute"] is None:
            if (
                order["quantity"] > 1
                and not order["cash"]
                and town.chance(0.8, of="part back before sending")
            ):
                give_back(town, order, {"quantity": 1, "restock": True})
                town.counts["part refund before sending"] += 1
            path = f"/orders/{order_id}/fulfilment"
            asked = {"state": "sent", "tracking": f"SF-{next(town.mall.numbers)}"}
            told = town.told("parcel sent", town.mall.support.post(path, asked))
            assert told is not None


def review(town: Town) -> None:
    """Decide about the orders that wait for it; some wait until nobody decides."""
    page = made(town.mall.support.get("/admin/orders?limit=100"), 200)["items"]
    for order in page:
        if town.chance(0.2):
            continue
        decision = "reject" if town.chance(0.35, of="reject") else "approve"
        body = {"decision": decision, "reason": "Looked at."}
        path = f"/orders/{order['id']}/review"
        told = town.told(f"review: {decision}", town.mall.support.post(path, body, key=town.key()))
        assert told is not None
        town.sums.order(order["member_id"], told)
        if told["status"] == "awaiting_payment":
            _pay_what_was_approved(town, order["member_id"], order["id"])


def refund_an_order(town: Town, who: Person) -> None:
    """Give an order back, whole, by units, or an amount of its cash."""
    paid = [name for name in list(town.intents)[-LATELY:] if _is_kept(town, name)]
    with_cash = bool(paid) and town.chance(0.4, of="refund with cash")
    chosen = paid if with_cash else who.orders
    if not chosen:
        return
    order = town.look(town.dice.choice(chosen))
    if order["status"] not in {"settled", "partly_refunded"} or order["dispute"]:
        return
    body: Json = {"restock": town.chance(0.5)}
    left = order["quantity"] - order["returned"]["quantity"]
    if order["cash"] and town.chance(0.6, of="amount back"):
        amount = order["cash"]["amount"] - order["returned"]["cash"]["amount"]
        body = {"amount": town.dice.randint(1, max(amount, 1))}
    elif town.chance(0.6):
        body["quantity"] = town.dice.randint(1, max(left, 1))
    give_back(town, order, body)


def give_back(town: Town, order: Json, body: Json) -> None:
    """Refund an order as support; the same request twice refunds once."""
    path, key = f"/orders/{order['id']}/refunds", town.key()
    exceeding = ("refund_exceeds_order", "cash_refund_exceeds_order", "order_not_settled")
    reply = town.mall.support.post(path, body, key=key)
    told = town.told("refund of an order", reply, *exceeding)
    if told is None:
        return
    town.counts["refund of an order with cash"] += bool(told["cash"])
    if town.chance(0.2, of="refund sent twice"):
        assert town.mall.support.post(path, body, key=key)["id"] == told["id"]
        town.counts["refund sent twice"] += 1
    town.look(order["id"])


def _is_kept(town: Town, order_id: str) -> bool:
    order = town.sums.orders[order_id]
    return order["status"] == "settled" and order["dispute"] is None


def _pay_what_was_approved(town: Town, member: str, order_id: str) -> None:
    who = next(one for one in town.people if one.id == member)
    if who.is_gone:
        return
    order = made(who.api.get(f"/orders/{order_id}"), 200)
    settle(town, who, order, fate="paid" if town.chance(0.8) else "abandoned")
