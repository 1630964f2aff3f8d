"""Orders that meet others on their way: what was read at first is true no longer."""

from __future__ import annotations

from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.stock.store import add_units, key_of, take_units
from chalicelib.redeem.checkout import service as checkout
from chalicelib.redeem.checkout.model import Ask
from chalicelib.redeem.checkout.service import SOLD_OUT_SECONDS, Request
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import SYSTEM_DICE, Work
from tests.api.till import meanwhile
from tests.events import Api
from tests.mall import Mall, id_of, made


def place(api: Api, reward: str, *, key: str = "k") -> int:
    return api.post("/orders", {"reward_id": reward}, key=key).status


def test_units_on_shards_opened_since_it_began_are_found_by_an_order(mall: Mall) -> None:
    """The first look at the catalog knew one shard; that one is empty now, and another is not."""
    mug = mall.reward(10, stock={"mode": "counted", "units": 1})
    lin, bo = mall.member(points=10), mall.member(points=10)

    def restock() -> None:
        assert place(bo, mug) == 201
        path = f"/admin/rewards/{mug}/stock"
        made(mall.marketing.post(path, {"add": 2}, key="more"), 200)
        work = Work(mall.clock.now())
        first = key_of(mug, 0)
        persist(work, lambda tx: take_units(tx, first, quantity=1, otherwise=lambda _: SoldOut()))

    with meanwhile(restock):
        assert place(lin, mug) == 201


def test_an_order_that_lost_a_race_and_is_short_of_points_is_not_sent_again(mall: Mall) -> None:
    lin = mall.member("lin", points=10)
    mug = mall.reward(10)
    with meanwhile(lambda: place(lin, mug, key="first")) as calls:
        reply = lin.post("/orders", {"reward_id": mug}, key="second")
    assert (reply.code, reply["missing_points"]) == ("insufficient_points", 10)
    assert calls.count("TransactWriteItems") == 1


class First:
    """Dice that always pick the first shard; ids stay random."""

    def random(self) -> float:
        return 0.0

    def getrandbits(self, k: int, /) -> int:
        return SYSTEM_DICE.getrandbits(k)


def test_sold_out_is_not_told_on_an_old_look_at_the_shards(mall: Mall) -> None:
    """The first shard is empty; the second is lost to somebody while the first is filled again."""
    mug = mall.reward(10, stock={"mode": "counted", "units": 2, "peak_per_second": 8})
    mall.member("lin", points=10)
    seconds = [0.0]
    work = Work(mall.clock.now(), First(), elapsed=lambda: seconds[0])
    first, second = key_of(mug, 0), key_of(mug, 1)
    persist(work, lambda tx: take_units(tx, first, quantity=1, otherwise=lambda _: SoldOut()))

    def slowly() -> None:
        seconds[0] += SOLD_OUT_SECONDS + 0.1
        persist(work, lambda tx: take_units(tx, second, quantity=1, otherwise=lambda _: SoldOut()))
        persist(work, lambda tx: add_units(tx, first, units=1))

    request = Request(id_of("lin"), "POST /v1/orders", "k", b"one")
    with meanwhile(slowly, sent=1):
        payments = mall.app.payments()
        placed = checkout.place(work, payments, request=request, ask=Ask(mug, 0, 1))
    assert placed.current.order.points == 10
