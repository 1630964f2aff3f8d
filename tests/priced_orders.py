"""A third of the budget table: what follows an order.

Giving back is the architecture's `release`: 12 units, and 2 more for each receipt and each limit. A
receipt is read before anything is judged, and so is the order, in the one batch with wallet and
head; that is two units of reads beyond the two of any write. A member's list of orders has a copy
of each, so that a change of an order costs one unit more than the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.events import Api, Json
from tests.mall import Mall, made
from tests.orders import cancel, decide, load_codes, placed, review_above, send
from tests.priced import ADDRESS, COUNTED, PRICED, UNLIMITED, Priced, Ready, redeeming
from tests.priced_activities import PRICED_ACTIVITIES
from tests.priced_cash import PRICED_CASH
from tests.priced_desks import CODED, CODES, NUMBERED, PRICED_DESKS, Stock
from tests.priced_events import PRICED_EVENTS
from tests.priced_expiry import PRICED_EXPIRY

LIMITED: Final = ({"per": "day", "units": 5},)
NEWS: Final = "the order and its receipt are read in the same batch, before anything is judged"
OLD: Final = "the order is read in the same batch; it alone knows where it stands"


def coded(mall: Mall) -> str:
    """Return a reward of twenty codes."""
    reward = mall.reward(10, stock=CODED)
    load_codes(mall, reward, CODES)
    return reward


def ordered(
    mall: Mall,
    stock: Stock,
    *,
    quantity: int = 1,
    limits: tuple[Mapping[str, object], ...] = (),
    address: bool = False,
) -> tuple[Api, Json]:
    """Return lin and her order of a reward."""
    mug = coded(mall) if stock is CODED else mall.reward(10, stock=stock, limits=list(limits))
    lin = mall.member("lin", points=1_000)
    more: Json = {"address": ADDRESS} if address else {}
    return lin, placed(lin, mug, quantity=quantity, **more)


def redeeming_a_code(mall: Mall) -> Ready:
    """Prepare an order of a code."""
    mug = coded(mall)
    mall.member("first", points=1_000).post("/orders", {"reward_id": mug}, key="warm")
    lin = mall.member("lin", points=1_000)
    return lambda: lin.post("/orders", {"reward_id": mug}, key="k")


def redeeming_into_review(mall: Mall) -> Ready:
    """Prepare an order that somebody has to look at."""
    review_above(mall, yuan=0, per_hour=1)
    return redeeming(stock=COUNTED)(mall)


def cancelling(
    stock: Stock, *limits: Mapping[str, object], quantity: int = 1
) -> Callable[[Mall], Ready]:
    """Return how the cancelling of an order is prepared."""

    def prepare(mall: Mall) -> Ready:
        lin, order = ordered(mall, stock, limits=limits, quantity=quantity)
        return lambda: cancel(lin, order)

    return prepare


def refunding_an_order(
    *limits: Mapping[str, object], stock: Stock = COUNTED, fetched: bool = False, **body: object
) -> Callable[[Mall], Ready]:
    """Return how a refund of an order of two units is prepared."""

    def prepare(mall: Mall) -> Ready:
        lin, order = ordered(mall, stock, quantity=2, limits=limits)
        if fetched:
            made(lin.post(f"/orders/{order['id']}/codes"), 200)
        path = f"/orders/{order['id']}/refunds"
        return lambda: mall.support.post(path, body, key="r")

    return prepare


def deciding(
    decision: str, *limits: Mapping[str, object], stock: Stock = COUNTED
) -> Callable[[Mall], Ready]:
    """Return how a decision about an order in review is prepared."""

    def prepare(mall: Mall) -> Ready:
        review_above(mall, yuan=0)
        _, order = ordered(mall, stock, limits=limits)
        return lambda: decide(mall, order, decision)

    return prepare


def sending(mall: Mall) -> Ready:
    """Prepare the note that an order was sent."""
    _, order = ordered(mall, COUNTED, address=True)
    return lambda: send(mall, order, tracking="SF 1")


def fetching(*, again: bool) -> Callable[[Mall], Ready]:
    """Return how the fetching of an order's one code is prepared."""

    def prepare(mall: Mall) -> Ready:
        lin, order = ordered(mall, CODED)
        path = f"/orders/{order['id']}/codes"
        if again:
            made(lin.post(path), 200)
        return lambda: lin.post(path)

    return prepare


PRICED_ORDERS: Final = (
    Priced(
        "redeem, numbered",
        "wallet, entry, order, unit; dispenser",
        9,
        11,
        redeeming(stock=NUMBERED),
        is_given=True,
    ),
    Priced(
        "redeem, coded",
        "wallet, entry, order, unit; dispenser",
        9,
        11,
        redeeming_a_code,
        is_given=True,
    ),
    Priced(
        "redeem into review, counted",
        "wallet, entry, order, shard",
        8,
        11,
        redeeming_into_review,
        is_given=True,
        reads_over=1,
        why="a threshold by the hour counts the orders of the last one",
    ),
    Priced(
        "cancel, unlimited",
        "receipt, order, wallet, entry",
        8,
        14,
        cancelling(UNLIMITED),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "cancel, counted",
        "receipt, order, wallet, entry, shard",
        10,
        14,
        cancelling(COUNTED),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "cancel, counted, one limit",
        "receipt, order, wallet, entry, shard, limit",
        12,
        16,
        cancelling(COUNTED, *LIMITED),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "cancel, numbered",
        "receipt, order, wallet, entry, unit",
        10,
        14,
        cancelling(NUMBERED),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "refund an order, restocked",
        "refund, order, wallet, entry, shard, audit row",
        12,
        14,
        refunding_an_order(restock=True),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "refund an order, restocked, one limit",
        "refund, order, wallet, entry, shard, limit, audit row",
        14,
        16,
        refunding_an_order(*LIMITED, restock=True),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "refund one of two, restocked",
        "refund, order, wallet, entry, shard, audit row",
        12,
        14,
        refunding_an_order(quantity=1, restock=True),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "refund one of two",
        "refund, order, wallet, entry, audit row",
        10,
        14,
        refunding_an_order(quantity=1),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "refund two fetched codes, restocked",
        "refund, order, wallet, entry, 2 units, audit row",
        14,
        16,
        refunding_an_order(stock=CODED, fetched=True, restock=True),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "approve an order",
        "receipt, order, wallet, entry, audit row",
        10,
        12,
        deciding("approve"),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "reject an order, counted, one limit",
        "receipt, order, wallet, entry, shard, limit, audit row",
        14,
        16,
        deciding("reject", *LIMITED),
        is_given=True,
        reads_over=2,
        why=NEWS,
    ),
    Priced(
        "send an order",
        "order, audit row; a check that the member is there",
        6,
        7,
        sending,
        reads_over=1,
        why=OLD,
    ),
    Priced(
        "fetch a code, first",
        "order; the wallet, which is only checked",
        4,
        5,
        fetching(again=False),
        reads_over=2,
        why="the order is read in the same batch, and the unit after it was marked",
    ),
    Priced(
        "fetch a code, again",
        "",
        0,
        0,
        fetching(again=True),
        reads_over=2,
        why="the order is read in the same batch, and then the unit",
    ),
)

PRICED_ALL: Final = (
    *PRICED,
    *PRICED_ORDERS,
    *PRICED_CASH,
    *PRICED_EVENTS,
    *PRICED_ACTIVITIES,
    *PRICED_DESKS,
    *PRICED_EXPIRY,
)
