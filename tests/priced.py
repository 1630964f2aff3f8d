"""Every operation that costs units, ready to be carried out: the budget table of the house.

A price is in write units: an item of a transaction costs two, a new index entry one (a changed one
two, a removed one one). `floor` is what the items alone cost; `budget` is what the house allows.
Preparing an operation makes the mall that it needs and warms what a process keeps, so that what is
measured is the operation itself. What follows an order stands in
`priced_orders`, the rest in `priced_desks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.campaigns import begun, doubling
from tests.events import Api, Reply, a_caller
from tests.mall import Mall, a_purchase, a_reward, id_of

Ready = Callable[[], Reply]

COUNTED: Final[Mapping[str, object]] = {"mode": "counted", "units": 10_000, "peak_per_second": 16}
"""Four shards."""
CROWDED: Final[Mapping[str, object]] = {**COUNTED, "peak_per_second": 256}
"""Sixty-four shards."""
UNLIMITED: Final[Mapping[str, object]] = {"mode": "unlimited"}
ADDRESS: Final = {
    "name": "Lin",
    "phone": "+8613800000000",
    "line1": "1 Long Road",
    "city": "Shanghai",
    "country": "CN",
}


@dataclass(frozen=True, slots=True)
class Priced:
    """One operation: its items, and units written at least and at most.

    `is_given`: the budget is the architecture's; else it was set here, in the same manner.
    `reads`: units read at most, None where nobody set a limit; `reads_over`: by how much that is
    known to be broken, and `why`.
    """

    name: str
    items: str
    floor: int
    budget: int
    prepare: Callable[[Mall], Ready]
    is_given: bool = False
    reads: int | None = 2
    reads_over: int = 0
    why: str = ""


def caller(mall: Mall, subject: str) -> Api:
    """Return somebody with a member's token, enrolled or not."""
    return Api(mall.app, a_caller("member", subject=subject))


def redeeming(
    quantity: int = 1, *, address: bool = False, **reward: object
) -> Callable[[Mall], Ready]:
    """Return how an order of a reward is prepared: the reward is known, the member has points."""

    def prepare(mall: Mall) -> Ready:
        mug = mall.reward(points=10, **reward)
        mall.member("first", points=1_000).post("/orders", {"reward_id": mug}, key="warm")
        lin = mall.member("lin", points=1_000)
        body = {"reward_id": mug, "quantity": quantity} | ({"address": ADDRESS} if address else {})
        return lambda: lin.post("/orders", body, key="k")

    return prepare


def earning(mall: Mall) -> Ready:
    """Prepare a purchase of a member who has points already."""
    mall.member("lin", points=100)
    return lambda: mall.till.post("/purchases", a_purchase("lin", 128, "p"))


def earning_in(**campaign: object) -> Callable[[Mall], Ready]:
    """Return how a purchase in a campaign is prepared; another member bought before."""

    def prepare(mall: Mall) -> Ready:
        begun(mall, doubling(**campaign))
        mall.member("first", points=100)
        return earning(mall)

    return prepare


def refunding(mall: Mall) -> Ready:
    """Prepare a partial refund."""
    earning(mall)()
    return lambda: mall.till.post(
        "/purchases/store-1/p/refunds",
        {"refund_id": "r", "amount": {"amount": 2_800, "currency": "cny"}},
    )


def enrolling(mall: Mall) -> Ready:
    """Prepare a member's enrolment; the first member of all also fixes the zone."""
    mall.member("first")
    return lambda: caller(mall, "lin").post("/me")


def enrolling_at_a_till(mall: Mall) -> Ready:
    """Prepare an enrolment with a phone."""
    mall.member("first")
    return lambda: mall.till.post("/members", {"subject": "lin", "phone": "+8613800000000"})


def freezing(mall: Mall) -> Ready:
    """Prepare the freezing of a member."""
    mall.member("lin", points=100)
    return lambda: mall.support.post(f"/admin/members/{id_of('lin')}/freeze", {"reason": "theft"})


def listing(**reward: Any) -> Callable[[Mall], Ready]:
    """Return how a reward is put on the shelf."""
    return lambda mall: lambda: mall.marketing.post("/admin/rewards", a_reward(**reward), key="k")


def editing(mall: Mall) -> Ready:
    """Prepare a reward's next version."""
    mug = mall.reward()
    tag = mall.marketing.get(f"/admin/rewards/{mug}").headers["etag"]
    body = a_reward(200)
    return lambda: mall.marketing.put(f"/admin/rewards/{mug}", body, headers={"If-Match": tag})


def restocking(mall: Mall) -> Ready:
    """Prepare an addition to a reward of four shards."""
    mug = mall.reward(stock=COUNTED)
    return lambda: mall.marketing.post(f"/admin/rewards/{mug}/stock", {"add": 100}, key="k")


def shelved(mall: Mall, stock: Mapping[str, object], *, count: int = 20) -> None:
    """Put a page of rewards on the shelf."""
    for _ in range(count):
        mall.reward(stock=stock)


def browsing(
    path: str = "/catalog", *, stock: Mapping[str, object] = COUNTED, warm: bool
) -> Callable[[Mall], Ready]:
    """Return how a look at the shelf is prepared; a warm process has just looked."""

    def prepare(mall: Mall) -> Ready:
        lin = mall.member("lin", points=1_000)
        shelved(mall, stock)
        if warm:
            lin.get(path)
        return lambda: lin.get(path)

    return prepare


def reading(path: str) -> Callable[[Mall], Ready]:
    """Return how a look at what is one's own is prepared."""

    def prepare(mall: Mall) -> Ready:
        order = redeeming()(mall)()
        lin = caller(mall, "lin")
        return lambda: lin.get(path.format(order=order["id"]))

    return prepare


PRICED: Final = (
    Priced("earn", "wallet, entry, purchase", 6, 8, earning, is_given=True),
    Priced("earn, in a campaign", "wallet, entry, purchase", 6, 8, earning_in(), is_given=True),
    Priced(
        "earn, with a cap and a budget",
        "wallet, entry, purchase, cap; the budget outside of the transaction",
        9,
        11,
        earning_in(budget=10**6, per_member={"points": 500, "per": "month"}),
        is_given=True,
        reads_over=3,
        why="what the campaign gave before is read: the cap, the budget, and no earlier report",
    ),
    Priced("redeem, unlimited", "wallet, entry, order", 6, 11, redeeming(), is_given=True),
    Priced(
        "redeem, counted",
        "wallet, entry, order, shard",
        8,
        11,
        redeeming(stock=COUNTED),
        is_given=True,
    ),
    Priced(
        "redeem, counted, one limit",
        "wallet, entry, order, shard, limit",
        10,
        13,
        redeeming(stock=COUNTED, limits=[{"per": "day", "units": 5}]),
        is_given=True,
    ),
    Priced(
        "redeem, counted, with address",
        "wallet, entry, order, shard, address",
        10,
        11,
        redeeming(stock=COUNTED, address=True),
        is_given=True,
    ),
    Priced(
        "refund",
        "wallet, entry, refund, purchase",
        8,
        8,
        refunding,
        reads_over=1,
        why="the purchase is read first, because it alone knows whose wallet to read",
    ),
    Priced("enrol", "profile, wallet, entry", 6, 6, enrolling),
    Priced("enrol, with phone", "profile, phone, wallet, entry", 8, 8, enrolling_at_a_till),
    Priced("freeze", "wallet, entry, audit row", 6, 6, freezing),
    Priced("list a reward", "reward, head, audit row", 6, 7, listing()),
    Priced(
        "list a reward, 4 shards",
        "reward, head, audit row, 4 shards",
        14,
        15,
        listing(stock=COUNTED),
    ),
    Priced("edit a reward", "reward, head, audit row", 6, 7, editing),
    Priced(
        "add stock, 4 shards",
        "receipt, 4 shards, audit row",
        12,
        12,
        restocking,
        reads_over=5,
        why="the receipt and the reward are read before, and every shard after, for the answer",
    ),
    Priced(
        "browse, cold, 20 unlimited",
        "",
        0,
        0,
        browsing(stock=UNLIMITED, warm=False),
        is_given=True,
        reads_over=2,
        why="twenty rewards are more than 8 KB, so three units beside the head's one; a process"
        " pays them once a version of the catalog",
    ),
    Priced(
        "browse, cold, 20 of 4 shards",
        "",
        0,
        0,
        browsing(warm=False),
        is_given=True,
        reads_over=82,
        why="hints read four shards of each counted reward; a process pays them once in five"
        " seconds",
    ),
    Priced(
        "browse, cold, 20 of 64 shards",
        "",
        0,
        0,
        browsing(stock=CROWDED, warm=False),
        is_given=True,
        reads_over=82,
        why="hints read four shards of each counted reward, however many it has",
    ),
    Priced("browse, warm", "", 0, 0, browsing(warm=True), is_given=True),
    Priced("my catalog, warm", "", 0, 0, browsing("/me/catalog", warm=True)),
    Priced("wallet", "", 0, 0, reading("/me/wallet")),
    Priced("journal page", "", 0, 0, reading("/me/journal"), reads=None),
    Priced("order list", "", 0, 0, reading("/orders"), reads=None),
    Priced("one order", "", 0, 0, reading("/orders/{order}"), reads=None),
)
