"""A part of the budget table: guests, withdrawals, imports, corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chalicelib.outreach.relay import service as relay
from chalicelib.outreach.relay.rules import parked
from chalicelib.storage.work import Work
from tests.events import Reply
from tests.mall import Mall, a_purchase, id_of, made
from tests.priced import COUNTED, Priced, Ready, caller
from tests.privacy import a_full_life
from tests.tape import a_record

Stock = Mapping[str, object]

NUMBERED: Final[Stock] = {"mode": "numbered", "units": 100}
CODED: Final[Stock] = {"mode": "coded"}
CODES: Final = [f"CODE-{number:04}" for number in range(20)]
GUESTS_YUAN: Final = 128


def guests(mall: Mall, purchase_id: str) -> Reply:
    """Report a purchase of nobody known."""
    sale = {**a_purchase("nobody", GUESTS_YUAN, purchase_id), "member_id": None}
    return mall.till.post("/purchases", sale)


def selling_to_a_guest(mall: Mall) -> Ready:
    """Prepare a purchase without a member."""
    guests(mall, "warm")
    return lambda: guests(mall, "p")


def claiming(mall: Mall) -> Ready:
    """Prepare the claim of a guest's purchase."""
    mall.member("lin", points=100)
    code = guests(mall, "p")["claim_code"]
    lin = caller(mall, "lin")
    return lambda: lin.post("/me/claims", {"claim_code": code}, key="k")


def refunding_before_the_claim(mall: Mall) -> Ready:
    """Prepare a partial refund of a purchase that nobody has claimed."""
    guests(mall, "p")
    amount = {"amount": 2_800, "currency": "cny"}
    path = "/purchases/store-1/p/refunds"
    return lambda: mall.till.post(path, {"refund_id": "r", "amount": amount})


def erasing(mall: Mall) -> Ready:
    """Prepare the farewell of a member of whom every sort of item is there once."""
    mall.member("first")
    lin = a_full_life(mall)
    return lambda: lin.delete("/me")


def exporting(mall: Mall) -> Ready:
    """Prepare an export of a member of whom every sort of item is there."""
    lin = a_full_life(mall)
    return lambda: lin.get("/me/export")


def withdrawing(stock: Stock, units: int) -> Callable[[Mall], Ready]:
    """Return how the withdrawal of units is prepared."""

    def prepare(mall: Mall) -> Ready:
        mug = mall.reward(stock=stock)
        mall.marketing.get(f"/admin/rewards/{mug}/stock")
        path = f"/admin/rewards/{mug}/stock/withdraw"
        return lambda: mall.marketing.post(path, {"units": units}, key="k")

    return prepare


def uploading(mall: Mall) -> Ready:
    """Prepare a file of twenty codes."""
    path = f"/admin/rewards/{mall.reward(10, stock=CODED)}/codes"
    return lambda: mall.marketing.post(path, {"csv": "\n".join(CODES)}, key="k")


def executing(mall: Mall) -> Ready:
    """Prepare the import of twenty codes that were looked over."""
    path = f"/admin/rewards/{mall.reward(10, stock=CODED)}/codes"
    begun = made(mall.marketing.post(path, {"csv": "\n".join(CODES)}, key="k"), 201)
    return lambda: mall.marketing.post(f"{path}/{begun['id']}/execute")


def wishing(mall: Mall) -> Ready:
    """Prepare a member who wants to be told otherwise."""
    lin = mall.member("lin")
    return lambda: lin.put("/me/notices", {"sms": True})


def asking_for_a_replay(mall: Mall) -> Ready:
    """Prepare a record of the stream that was put aside."""
    work = Work(mall.clock.now())
    record = a_record({"p": {"S": id_of("lin")}, "s": {"S": "J#000000000009"}})
    aside = parked(record, why="KeyError", at=work.now)
    relay.park(work, aside)
    return lambda: mall.support.post(f"/admin/parked/{aside.id}/replay")


def over_the_desk(points: int, *, is_approved: bool = False) -> Callable[[Mall], Ready]:
    """Prepare a correction over the desk, or its approval."""

    def prepare(mall: Mall) -> Ready:
        mall.member("lin", points=100)
        asked = {"member_id": id_of("lin"), "points": points, "reason": "Counted twice."}
        path = "/admin/adjustments"
        if not is_approved:
            return lambda: mall.support.post(path, asked, key="k")
        told = made(mall.support.post(path, asked, key="k"), 201)
        return lambda: mall.finance.post(f"{path}/{told['id']}/approve", {}, key="yes")

    return prepare


PRICED_DESKS: Final = (
    Priced("sell to a guest", "purchase, claim code", 4, 4, selling_to_a_guest),
    Priced(
        "claim",
        "receipt, purchase, wallet, entry",
        8,
        10,
        claiming,
        is_given=True,
        reads_over=4,
        why="the receipt and the code are read in the same batch, then the wrong tries and the"
        " purchase that the code names",
    ),
    Priced("refund before the claim", "refund, purchase", 4, 4, refunding_before_the_claim),
    Priced(
        "withdraw from 4 shards",
        "receipt, 4 shards, audit row",
        12,
        12,
        withdrawing(COUNTED, 9_999),
        reads_over=8,
        why="head, receipt and every shard are read before, and every shard after, for the answer",
    ),
    Priced(
        "withdraw 10 numbers",
        "receipt, 10 units, audit row",
        24,
        24,
        withdrawing(NUMBERED, 10),
        reads_over=2,
        why="head and receipt are read before, and the block twice: before, and for the answer",
    ),
    Priced(
        "look 20 codes over",
        "import, codes",
        4,
        5,
        uploading,
        reads_over=21,
        why="the claim of every code is looked up; receipt, head and reward are read before",
    ),
    Priced(
        "import 20 codes",
        "20 claims, 20 units; import, reward to begin; import, codes, reward, head, audit row to"
        " end",
        94,
        98,
        executing,
        reads_over=21,
        why="the claim of every code is looked up; import, head and codes are read before",
    ),
    Priced(
        "correct over the desk",
        "correction, wallet, entry, what was moved alone of the member and by the operator,"
        " audit row",
        13,
        13,
        over_the_desk(-50),
    ),
    Priced("propose a correction", "correction, audit row", 5, 5, over_the_desk(5_000)),
    Priced(
        "approve a correction",
        "receipt, correction, wallet, entry, 2 audit rows",
        14,
        14,
        over_the_desk(5_000, is_approved=True),
        reads_over=1,
        why="the correction names the member, and is read before",
    ),
    Priced(
        "change one's wishes",
        "preferences; a check that the member is there",
        2,
        4,
        wishing,
        reads_over=2,
        why="wallet, head, profile and preferences are read before",
    ),
    Priced("have a record read again", "parked record, audit row", 5, 6, asking_for_a_replay),
    Priced(
        "erase",
        "profile, phone, wallet, entry, wishes, audit row; order, 2 addresses, notice",
        22,
        23,
        erasing,
        reads_over=6,
        why="orders, addresses and notices are looked for; the day of the wallet leaves its index",
    ),
    Priced("export", "", 0, 0, exporting, reads=None),
)
