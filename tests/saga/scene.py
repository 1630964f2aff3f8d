"""Two members, 100 points each, and one unit of a reward for 60 points and ¥29.90.

Orders are known by name before they are placed: their ids follow from member, route and key.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from chalicelib.gateways.payments.model import IntentStatus
from tests.events import Api
from tests.interleavings.actors import Stage
from tests.mall import a_purchase, made
from tests.orders import placed
from tests.saga.ground import Place
from tests.saga.parts import Parts

POINTS: Final = 100
PRICE: Final = 60
"""Points are there for one of these, not for two."""
CASH: Final = {"amount": 2990, "currency": "cny"}
KEYS: Final = ("a", "b")


@dataclass
class Scene:
    """The mall and what is in it at the start: orders `a` and `b` are not placed yet."""

    parts: Parts
    units: int = 1
    is_one_member: bool = False
    mug: str = field(init=False)
    apis: dict[str, Api] = field(init=False)
    ids: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Open the mall."""
        mall = self.parts.mall
        mall.open()
        lin = self._member("lin")
        self.apis = {"a": lin, "b": lin if self.is_one_member else self._member("may")}
        stock = {"mode": "counted", "units": self.units, "peak_per_second": 1}
        options = [{"points": PRICE, "cash": CASH}]
        self.mug = mall.reward(options=options, stock=stock)
        self.ids = {key: self._id_of(key) for key in KEYS}

    def place(self, key: str) -> str:
        """Place an order backstage; return its id."""
        return str(placed(self.apis[key], self.mug, key=key)["id"])

    def pay(self, key: str) -> None:
        """Let an order be paid backstage, without anybody being told."""
        self.parts.pays(self.ids[key])()

    def look(self, key: str) -> str:
        """Look at an order backstage; return its status."""
        reply = self.apis[key].get(f"/orders/{self.ids[key]}")
        return str(made(reply, 200)["status"])

    def expire(self, key: str) -> None:
        """Let an order's deadline pass backstage."""
        self.parts.passes()()
        assert self.look(key) == "expired"

    def reopen(self, key: str) -> None:
        """Let an order's payment be payable again, as no honest Stripe would."""
        (intent,) = self.ground.outside.account.of_order(self.ids[key])
        open_again = replace(intent, status=IntentStatus.REQUIRES_PAYMENT_METHOD)
        outside = self.ground.outside
        account = outside.account.with_intent(open_again)
        self.ground.outside = replace(outside, account=account)

    @property
    def ground(self) -> Place:
        """Return the ground under everybody's feet."""
        found = self.parts.stage.engine
        assert isinstance(found, Place)
        return found

    @property
    def stage(self) -> Stage:
        """Return the stage."""
        return self.parts.stage

    def _id_of(self, key: str) -> str:
        """Return an order's id, by placing it once and taking that back."""
        before = self.ground.stand()
        order_id = self.place(key)
        self.ground.put_back(before)
        return order_id

    def _member(self, subject: str) -> Api:
        mall = self.parts.mall
        api = mall.member(subject)
        made(mall.till.post("/purchases", a_purchase(subject, POINTS, f"{subject}-1")), 201)
        return api
