"""A running stack and its Stripe: orders with a cash part, paid as a customer pays them.

till = till_of(stack, is_paused=False)
lin, order = placed(till, "lin")
till.pay(order["id"], "ok")
until(lambda: in_list(lin, order)["status"] == "settled")
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.events import Json
from tests.stack.client import Client
from tests.stack.process import StackProcess
from tests.stripes import KEY, a_client

if TYPE_CHECKING:
    from stripe import PaymentIntent, StripeClient

UNLIMITED: Final = {"mode": "unlimited"}
_numbers: Final = count(1)


@dataclass(frozen=True, slots=True)
class Till:
    """A stack and its Stripe."""

    stack: StackProcess
    client: Client
    stripe: str

    def books(self) -> StripeClient:
        """Return Stripe's own client of it."""
        return a_client(KEY, self.stripe)

    def payment(self, order_id: str, **marks: str) -> PaymentIntent:
        """Make the payment of an order, as the program would; `marks` are more than the order."""
        metadata = {"order": order_id, **marks}
        return self.books().v1.payment_intents.create(
            {"amount": 2990, "currency": "cny", "metadata": metadata}
        )

    def pay(self, order_id: str, card: str) -> httpx.Response:
        """Pay an order as a customer would."""
        return self.client.ask(f"/pay/{order_id}", {"card": card})

    def pause(self, *, is_paused: bool) -> None:
        """Hold webhooks back, or let them come again."""
        url = f"{self.stripe}/local/webhook"
        paused = self.client.http.post(url, json={"is_paused": is_paused})
        assert paused.status_code == 200

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Hold webhooks back for the length of a block."""
        self.pause(is_paused=True)
        try:
            yield
        finally:
            self.pause(is_paused=False)


def till_of(stack: StackProcess, *, is_paused: bool = True) -> Till:
    """Return the till of a running stack; nobody takes its webhooks while they are paused."""
    stripe = json.loads((stack.home / "stack.json").read_text())["stripe"]
    till = Till(stack, stack.client(), stripe)
    till.pause(is_paused=is_paused)
    return till


def placed(
    till: Till, subject: str, *, stock: Mapping[str, object] = UNLIMITED
) -> tuple[Client, Json]:
    """Place an order with a cash part, and return its member and the order."""
    number = next(_numbers)
    lin, shelf = till.client.member(subject), till.client.person("op", "marketing")
    body = {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": 100, "cash": {"amount": 2990, "currency": "cny"}}],
        "stock": stock,
    }
    listed = shelf.post("/admin/rewards", body, key=f"reward-{number}")
    earned = till.client.till("store-1").post(
        "/purchases",
        {
            "channel": "store-1",
            "purchase_id": f"p-{number}",
            "member_id": lin.member_id,
            "paid": {"amount": 50_000, "currency": "cny"},
        },
    )
    assert (listed.status_code, earned.status_code) == (201, 201)
    if stock["mode"] == "coded":
        path = f"/admin/rewards/{listed.json()['id']}/codes"
        begun = shelf.post(path, {"csv": f"TEA-{number}"}, key=f"codes-{number}").json()
        assert shelf.post(f"{path}/{begun['id']}/execute").status_code == 200
    asked = {"reward_id": listed.json()["id"]}
    answer = lin.post("/orders", asked, key=f"order-{number}")
    assert answer.status_code == 201, answer.text
    return lin, answer.json()


def in_list(lin: Client, order: Json) -> Json:
    """Return an order as the member's list has it: looking there moves nothing on."""
    items: list[dict[str, Any]] = lin.get("/orders").json()["items"]
    (found,) = [one for one in items if one["id"] == order["id"]]
    return found


def has_settled(lin: Client, order: Json) -> bool:
    """Tell whether an order has settled by itself."""
    return bool(in_list(lin, order)["status"] == "settled")


def wallet(lin: Client) -> tuple[int, int]:
    """Return a member's points, and those that are held."""
    told = lin.get("/me/wallet").json()
    return told["available"], told["held"]
