"""A part of the budget table: check-ins, tasks and referrals."""

from __future__ import annotations

from typing import Final

from chalicelib.ledger.journal import service as journal
from chalicelib.storage.work import Work
from chalicelib.tiers.referrals import service as referrals
from tests.activities import hear, refer
from tests.events import Reply
from tests.mall import Mall, a_purchase, id_of, made
from tests.priced import Priced, Ready


def checking_in(mall: Mall) -> Ready:
    """Prepare the check-in of a second day."""
    lin = mall.member("lin", points=100)
    made(lin.post("/me/check-ins", key="yesterday"), 201)
    mall.clock.advance(days=1)
    return lambda: lin.post("/me/check-ins", key="k")


def doing_a_task(mall: Mall) -> Ready:
    """Prepare a task that was done once today."""
    lin, path = mall.member("lin", points=100), "/me/tasks/share"
    made(lin.post(path, {"evidence": "one"}, key="first"), 201)
    return lambda: lin.post(path, {"evidence": "two"}, key="k")


def rewarding_a_referrer(mall: Mall) -> Ready:
    """Prepare the first purchase of a new member, of which the relay has not heard yet."""
    mall.member("lin", points=100)
    refer(mall, "mei", "lin")
    mall.earn("mei", 100)
    work = Work(mall.clock.now())
    (bought, _) = journal.page(work, id_of("mei"), limit=2, after=None).items

    def ready() -> Reply:
        referrals.hear(work, heard=bought)
        return Reply(200, {}, "")

    return ready


def taking_back_a_referral(mall: Mall) -> Ready:
    """Prepare a refund that the relay has not heard of, of what a new member bought."""
    mall.member("lin", points=100)
    refer(mall, "mei", "lin")
    made(mall.till.post("/purchases", a_purchase("mei", 100, "p")), 201)
    work = Work(mall.clock.now())
    hear(work, "mei")
    back = {"refund_id": "r", "amount": 10_000}
    made(mall.till.post("/purchases/store-1/p/refunds", back), 201)
    (returned, *_) = journal.page(work, id_of("mei"), limit=3, after=None).items

    def ready() -> Reply:
        referrals.hear(work, heard=returned)
        return Reply(200, {}, "")

    return ready


PRICED_ACTIVITIES: Final = (
    Priced(
        "check in",
        "check-in, streak, wallet, entry",
        8,
        8,
        checking_in,
        reads_over=1,
        why="the streak is read in the same batch",
    ),
    Priced("do a task", "task, evidence, counter, wallet, entry", 10, 10, doing_a_task),
    Priced(
        "reward a referrer",
        "new member, purchase, counter, wallet, entry",
        10,
        10,
        rewarding_a_referrer,
        reads_over=6,
        why="the new member's profile names the referrer, whose wallet is read then, and the"
        " purchase; each contact of the new member's is claimed for two units more",
    ),
    Priced(
        "take back a referral",
        "new member, wallet, entry",
        6,
        6,
        taking_back_a_referral,
        reads_over=2,
        why="the purchase names the referrer, whose wallet is read then",
    ),
)
