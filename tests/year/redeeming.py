"""Orders: in points and in points plus cash, kept or cancelled, and every fate of a payment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.cash import CASH
from tests.events import Json
from tests.mall import made
from tests.odd_stripes import CancelsInVain
from tests.orders import ADDRESS, load_codes
from tests.year.town import Person, Town

REFUSALS: Final = (
    "member_frozen",
    "debt_open",
    "not_redeemable_now",
    "limit_reached",
    "insufficient_points",
    "sold_out",
)
IN_POINTS: Final = {"mug": 2, "print": 1, "voucher": 1, "song": 1}
IN_CASH: Final = {"dear": 3, "gala": 1}
CARD: Final = 500
CARDS_MAX: Final = 3
"""Worth less than a look."""
TRIP: Final = 2000
"""Worth more to finance than what an order may be worth without a look."""
FATES: Final[Mapping[str, int]] = {
    "paid": 10,
    "paid unseen": 3,
    "declined": 1,
    "abandoned": 2,
    "authenticated": 1,
    "late": 2,
    "cancelled": 1,
}
"""What becomes of a payment, by how often."""
SHELF: Final[Mapping[str, Mapping[str, Any]]] = {
    "mug": {
        "options": [{"points": 200}],
        "stock": {"mode": "counted", "units": 20},
        "limits": [{"per": "week", "units": 3}, {"per": "ever", "units": 30}],
    },
    "print": {"options": [{"points": 90}], "stock": {"mode": "numbered", "units": 2}},
    "voucher": {"options": [{"points": 150}], "stock": {"mode": "coded"}},
    "song": {"options": [{"points": 60}], "limits": [{"per": "day", "units": 2}]},
    "trip": {"options": [{"points": TRIP}]},
    "card": {"options": [{"points": CARD}]},
    "dear": {
        "options": [{"points": 100, "cash": CASH}],
        "stock": {"mode": "counted", "units": 20},
    },
    "gala": {"options": [{"points": 77, "cash": {"amount": 4900, "currency": "cny"}}]},
}
"""What there is to redeem: counted, numbered, coded and unlimited, dear and cheap."""


def open_the_shelf(town: Town) -> None:
    """Put everything on the shelf."""
    for name, fields in SHELF.items():
        town.shelf[name] = town.mall.reward(**fields)
    more_codes(town, 12)


def more_codes(town: Town, count: int) -> None:
    """Import voucher codes."""
    codes = [
        f"TEA-{next(town.mall.numbers):08}-{town.dice.getrandbits(32):x}" for _ in range(count)
    ]
    load_codes(town.mall, town.shelf["voucher"], codes)
    town.counts["codes imported"] += count


def redeem(town: Town, who: Person) -> None:
    """Order something for points; a few cancel, and some see their code."""
    what = town.pick(IN_POINTS, lambda one: f"order of a {one}")
    order = _place(town, who, what)
    if order is None:
        return
    if order["status"] == "in_review":
        town.counts["order looked at"] += 1
    elif what == "voucher" and town.chance(0.7, of="codes seen"):
        town.told("codes seen", who.api.post(f"/orders/{order['id']}/codes"))
        if town.chance(0.1, of="cancel what was seen"):
            _cancel(town, who, order)
    elif town.chance(0.2, of="cancel"):
        town.wait(minutes=town.dice.choice([1, 31]))
        _cancel(town, who, order)


def splurge(town: Town, who: Person) -> None:
    """Spend a great deal at once, which somebody looks at first; others save on."""
    if town.sums.net[who.id] >= TRIP:
        order = _place(town, who, "trip", quantity=1)
        town.counts["order looked at"] += bool(order and order["status"] == "in_review")


def spend_all(town: Town, who: Person) -> None:
    """Spend nearly everything, so that whatever is brought back later is owed."""
    _place(town, who, "card", quantity=max(1, min(town.sums.net[who.id] // CARD, CARDS_MAX)))


def redeem_with_cash(town: Town, who: Person) -> None:
    """Order something for points and cash, and pay, or not."""
    order = _place(town, who, town.pick(IN_CASH, lambda one: f"order of a {one}"))
    if order is None:
        return
    if order["status"] == "in_review":
        town.counts["order with cash looked at"] += 1
        return
    settle(town, who, order, fate=town.pick(FATES, lambda fate: f"payment {fate}"))


def settle(town: Town, who: Person, order: Json, *, fate: str) -> None:
    """Let a payment meet its fate."""
    town.counts[f"payment {fate}"] += 1
    stripe, name = town.stripe, order["id"]
    town.intents[name] = order["payment"]["client_secret"].partition("_secret_")[0]
    if fate in {"paid", "paid unseen"}:
        assert stripe.pay_order(name) == "succeeded"
    elif fate == "declined":
        stripe.pay_order(name, "declined")
    elif fate == "authenticated":
        stripe.pay_order(name, "requires_action")
        stripe.lever(f"payment_intents/{town.intents[name]}", {"is_done": town.chance(0.7)})
    elif fate == "late":
        _pay_late(town, who, order)
    elif fate == "cancelled":
        _cancel(town, who, order)
    if fate != "paid unseen":
        _see(town, who, name)
    town.looked_at.add(name)


def again(town: Town, who: Person) -> None:
    """Send an order twice with one key: there is one order."""
    asked, key = {"reward_id": town.shelf["song"]}, town.key()
    first = who.api.post("/orders", asked, key=key)
    told = town.told("order", first, *REFUSALS)
    if told is None:
        return
    second = who.api.post("/orders", asked, key=key)
    assert (second.json, second.headers["idempotency-replayed"]) == (told, "true")
    town.counts["order sent twice"] += 1
    town.sums.order(who.id, told)
    who.orders.append(told["id"])


def _place(town: Town, who: Person, what: str, *, quantity: int = 0) -> Json | None:
    quantity = quantity or town.dice.choice([1, 1, 1, 1, 2] if what in IN_CASH else [1, 1, 2, 3])
    body: Json = {"reward_id": town.shelf[what], "quantity": quantity}
    if what in {"mug", "dear", "gala"} and town.chance(0.8):
        body["address"] = ADDRESS
    reply = who.api.post("/orders", body, key=town.key())
    told = town.told("order with cash" if what in IN_CASH else "order", reply, *REFUSALS)
    if told is None:
        return None
    town.sums.order(who.id, told)
    who.orders.append(told["id"])
    town.counts[f"order of a {what}"] += 1
    if told["status"] == "in_review":
        town.looked_at.add(told["id"])
    if "address" in body:
        town.to_send.append(told["id"])
    return told


def _cancel(town: Town, who: Person, order: Json) -> None:
    path, key = f"/orders/{order['id']}/cancel", town.key()
    told = town.told("cancel", who.api.post(path, key=key), "order_not_cancellable")
    if told is not None:
        town.sums.order(who.id, told)


def _see(town: Town, who: Person, order_id: str) -> None:
    town.sums.order(who.id, made(who.api.get(f"/orders/{order_id}"), 200))


def _pay_late(town: Town, who: Person, order: Json) -> None:
    """Let an order expire while its cancelled payment is paid all the same."""
    honest = town.mall.app.payments
    town.mall.app.payments = CancelsInVain(honest()).port
    town.late.add(order["id"])
    town.wait(minutes=16)
    _see(town, who, order["id"])
    town.mall.app.payments = honest
    assert town.stripe.pay_order(order["id"]) == "succeeded"
