"""What the clients of the crash matrix send: each function prepares one fresh client's request.

Preparing costs more than sending, so members are enrolled by the dozen; and where numbers need not
be compared, because the invariants add them up, all clients share one member, purchase or reward.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from chalicelib.ledger.wallets import service as wallets
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from tests.crashes import Send
from tests.events import Api, Json, a_caller
from tests.mall import CHANNEL_NAME, Mall, a_purchase, a_reward, id_of, made
from tests.orders import load_codes, review_above
from tests.stripes import LocalStripe

PRICE: Final = 10
POINTS: Final = 100
DOZEN: Final = 12
ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000000",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
LIMITED: Final[Json] = {"limits": [{"per": "day", "units": 5}, {"per": "ever", "units": 9}]}
PLENTY: Final[Json] = {"stock": {"mode": "counted", "units": 100_000}}
SCARCE: Final[Json] = {"stock": {"mode": "counted", "units": 8}}
"""Two units in each of four shards."""
NUMBERED: Final[Json] = {"stock": {"mode": "numbered", "units": 10_000}}
CODED: Final[Json] = {"stock": {"mode": "coded"}}
CODES_MAX: Final = 400
"""More than all clients of one entry keep."""


@dataclass
class Clients:
    """Makes clients of a mall."""

    mall: Mall
    account: LocalStripe | None = None
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    waiting: list[str] = field(default_factory=list)

    @cached_property
    def plain(self) -> str:
        """A reward without limits."""
        return self.mall.reward(PRICE)

    @cached_property
    def limited(self) -> str:
        """A reward with limits, and with more units than all clients take."""
        return self.mall.reward(PRICE, **PLENTY, **LIMITED)

    @property
    def stripe(self) -> LocalStripe:
        """Who takes the mall's money, where the test has somebody do so."""
        assert self.account is not None, "nobody takes money in this mall"
        return self.account

    @cached_property
    def dear(self) -> str:
        """A reward for points and cash, with more units than all clients take."""
        options = [{"points": PRICE, "cash": {"amount": 2990, "currency": "cny"}}]
        return self.mall.reward(options=options, **PLENTY)

    @cached_property
    def stocked(self) -> str:
        """A reward in four shards."""
        return self.mall.reward(PRICE, **SCARCE)

    @cached_property
    def drop(self) -> str:
        """A reward with more numbers than all clients draw."""
        return self.mall.reward(PRICE, **NUMBERED)

    @cached_property
    def pool(self) -> str:
        """A reward with more codes than all clients keep."""
        reward = self.mall.reward(PRICE, **CODED)
        load_codes(self.mall, reward, [f"CODE-{number}" for number in range(CODES_MAX)])
        return reward

    @cached_property
    def strict(self) -> str:
        """`limited`, in a program that looks at every order, and counts those of the last hour."""
        review_above(self.mall, yuan=0, per_hour=1)
        return self.limited

    @cached_property
    def rich(self) -> Api:
        """A member with more points than all clients take."""
        return self.mall.member(points=1_000_000)

    @cached_property
    def large(self) -> str:
        """A purchase of more than all clients refund."""
        made(self.mall.till.post("/purchases", a_purchase(self.subject(), 1_000_000, "large")), 201)
        return f"/purchases/{CHANNEL_NAME}/large"

    def subject(self) -> str:
        """Return somebody who is a member."""
        if not self.waiting:
            self.waiting = [f"member-{next(self.numbers)}" for _ in range(DOZEN)]
            persist(Work(self.mall.clock.now()), self._enrol)
        return self.waiting.pop()

    def _enrol(self, tx: Transaction) -> None:
        for subject in self.waiting:
            wallets.enrol(tx, id_of(subject), program_version=1)

    def path(self) -> str:
        """Return where operators find a new member."""
        return f"/admin/members/{id_of(self.subject())}"

    def key(self) -> str:
        """Return a key that nobody has used."""
        return f"key-{next(self.numbers)}"


def enrol(clients: Clients) -> Send:
    caller = a_caller("member", subject=f"member-{next(clients.numbers)}")
    api = Api(clients.mall.app, caller)
    return lambda: api.post("/me", {"name": "Lin"})


def member_without_a_birthday(clients: Clients) -> Api:
    caller = a_caller("member", subject=f"member-{next(clients.numbers)}")
    api = Api(clients.mall.app, caller)
    made(api.post("/me"), 201)
    return api


def tell_more(clients: Clients) -> Send:
    api = member_without_a_birthday(clients)
    return lambda: api.post("/me", {"birthday": "1990-05-17"})


def enrol_at_till(clients: Clients) -> Send:
    body = {"name": "Lin", "phone": f"+86{next(clients.numbers):011d}"}
    return lambda: clients.mall.till.post("/members", body)


def resolve_wrongly(clients: Clients) -> Send:
    # Wrong tries count by the minute.
    clients.mall.clock.advance(minutes=1)
    return lambda: clients.mall.till.post("/members/resolve", {"code": "0Ab1Cd2Ef3G4hI5jK6lM"})


def resolve_rightly(clients: Clients) -> Send:
    code = clients.mall.member().get("/me/code")["code"]
    return lambda: clients.mall.till.post("/members/resolve", {"code": code})


def change_program(clients: Clients) -> Send:
    read = clients.mall.marketing.get("/admin/program")
    tag = {"If-Match": read.headers["etag"]}
    return lambda: clients.mall.marketing.put("/admin/program", read.json, headers=tag)


def create_reward(clients: Clients) -> Send:
    body, key = a_reward(**SCARCE), clients.key()
    return lambda: clients.mall.marketing.post("/admin/rewards", body, key=key)


def edit_reward(clients: Clients) -> Send:
    path = f"/admin/rewards/{clients.mall.reward(PRICE)}"
    read = clients.mall.marketing.get(path)
    body, tag = {**read.json, "category": "tea"}, {"If-Match": read.headers["etag"]}
    return lambda: clients.mall.marketing.put(path, body, headers=tag)


def add_stock(clients: Clients) -> Send:
    path, key = f"/admin/rewards/{clients.stocked}/stock", clients.key()
    return lambda: clients.mall.marketing.post(path, {"add": 8}, key=key)


def add_stock_and_shards(clients: Clients) -> Send:
    reward = clients.mall.reward(PRICE, stock={"mode": "counted", "units": 2})
    path, key = f"/admin/rewards/{reward}/stock", clients.key()
    return lambda: clients.mall.marketing.post(path, {"add": 8}, key=key)


def purchase(clients: Clients) -> Send:
    body = a_purchase(clients.subject(), POINTS, f"purchase-{next(clients.numbers)}")
    return lambda: clients.mall.till.post("/purchases", body)


def refund(clients: Clients) -> Send:
    path = f"{clients.large}/refunds"
    body = {"refund_id": f"refund-{next(clients.numbers)}", "amount": 3000}
    return lambda: clients.mall.till.post(path, body)


def redeem(clients: Clients) -> Send:
    api, body, key = clients.rich, {"reward_id": clients.plain}, clients.key()
    return lambda: api.post("/orders", body, key=key)


def redeem_from_shards(clients: Clients) -> Send:
    reward = clients.mall.reward(PRICE, **SCARCE)
    api, body, key = clients.rich, {"reward_id": reward, "quantity": 5}, clients.key()
    return lambda: api.post("/orders", body, key=key)


def redeem_to_an_address(clients: Clients) -> Send:
    body = {"reward_id": clients.limited, "quantity": 2, "address": ADDRESS}
    subject, key = clients.subject(), clients.key()
    clients.mall.earn(subject, POINTS)
    api = Api(clients.mall.app, a_caller("member", subject=subject))
    return lambda: api.post("/orders", body, key=key)


def quote_order(clients: Clients) -> Send:
    api, body = clients.mall.member(points=POINTS), {"reward_id": clients.limited}
    return lambda: api.post("/orders/quote", body)


def quote_purchase(clients: Clients) -> Send:
    body = {"paid": {"amount": 12850, "currency": "cny"}}
    return lambda: clients.mall.till.post("/earn/quote", body)


def freeze(clients: Clients) -> Send:
    path = f"{clients.path()}/freeze"
    return lambda: clients.mall.support.post(path, {"reason": "lost card"})


def thaw(clients: Clients) -> Send:
    path = clients.path()
    made(clients.mall.support.post(f"{path}/freeze", {"reason": "lost card"}), 200)
    return lambda: clients.mall.support.post(f"{path}/thaw", {"reason": "found"})
