"""What an order with a cash part costs, step by step, by the budget table of the house.

Each step is measured alone: the local Stripe is away where its answer would bring the next one.
Reserving, settling and releasing have the architecture's budgets; what ends an order in answer to
a request is a release with a receipt and with what Stripe is asked for written down. What Stripe
tells stands in `priced_events`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.webhooks import store
from chalicelib.storage.work import Work
from tests.cash import CASH, bought, lapse
from tests.crash_orders import DONE
from tests.events import Api, Json, Reply
from tests.mall import Mall, made
from tests.orders import ADDRESS, cancel, placed, refund
from tests.priced import COUNTED, Priced, Ready, caller
from tests.stripes import LocalStripe, taking_money
from tests.webhooks import paid_event, tell

Paying = Callable[[Mall, LocalStripe], Ready]

NEWS: Final = "the order and its receipt are read in the same batch, before anything is judged"
MOVED: Final = "the order is read first, as it alone knows whose wallet to read"
MOVED_READS: Final = 1


def paying(prepare: Paying) -> Callable[[Mall], Ready]:
    """Return how an operation is prepared in a mall whose money goes to a local Stripe.

    The local Stripe ends with the operation, which is therefore carried out once.
    """

    def prepared(mall: Mall) -> Ready:
        with ExitStack() as opening:
            home = Path(opening.enter_context(TemporaryDirectory()))
            ready = prepare(mall, opening.enter_context(taking_money(mall, home)))
            closing = opening.pop_all()

        def once() -> Reply:
            with closing:
                return ready()

        return once

    return prepared


def dear(mall: Mall) -> str:
    """Return a reward of 100 points and ¥29.90, in four shards."""
    return mall.reward(options=[{"points": 100, "cash": CASH}], stock=COUNTED)


def warmed(mall: Mall) -> tuple[Api, str]:
    """Return a member and a reward with a cash part that somebody has just redeemed."""
    reward = dear(mall)
    placed(mall.member("first", points=500), reward, key="warm")
    return mall.member("lin", points=500), reward


def reserving(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare an order whose payment is not made: Stripe is away."""
    lin, reward = warmed(mall)
    stripe.spoil("reset_before", times=1)

    def reserve() -> Reply:
        reply = lin.post("/orders", {"reward_id": reward}, key="k")
        assert reply.status == 503, reply.text
        return DONE

    return reserve


def reserving_and_noting(mall: Mall, _: LocalStripe) -> Ready:
    """Prepare an order, all that its request writes."""
    lin, reward = warmed(mall)
    return lambda: lin.post("/orders", {"reward_id": reward}, key="k")


def noting(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare a look at an order that has no payment yet."""
    reserving(mall, stripe)()
    lin = caller(mall, "lin")
    (order,) = made(lin.get("/orders"), 200)["items"]
    return lambda: lin.get(f"/orders/{order['id']}")


def waiting(mall: Mall) -> tuple[Api, Json]:
    """Return lin and her order that waits for its money."""
    lin = mall.member("lin", points=500)
    return lin, placed(lin, dear(mall), address=ADDRESS)


def bought_by_lin(mall: Mall, stripe: LocalStripe) -> tuple[Api, Json]:
    """Return lin and her order, which was paid and is still to be sent."""
    lin = mall.member("lin", points=500)
    return lin, bought(lin, stripe, dear(mall), address=ADDRESS)


def settling(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare what follows from the event that an order was paid."""
    _, order = waiting(mall)
    stripe.pay_order(order["id"])
    event = paid_event(stripe)
    made(tell(mall, event), 200)
    aside = partial(store.put_done, event_id=event["id"])

    def settle() -> Reply:
        work = Work(mall.clock.now())
        found = orders.find(work, order["id"])
        done = progress.advance(work, mall.app.payments(), order=found, aside=aside)
        assert done.is_told
        return DONE

    return settle


def releasing(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare a look at an order whose deadline is past."""
    lin, order = waiting(mall)
    lapse(mall, stripe)
    return lambda: lin.get(f"/orders/{order['id']}")


def cancelling_unpaid(mall: Mall, _: LocalStripe) -> Ready:
    """Prepare the cancelling of an order that waits for its money."""
    lin, order = waiting(mall)
    return lambda: cancel(lin, order)


def cancelling_paid(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare the cancelling of an order that was paid."""
    lin, order = bought_by_lin(mall, stripe)
    return lambda: cancel(lin, order)


def refunding_cash(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare a refund of a part of what was paid."""
    _, order = bought_by_lin(mall, stripe)
    return lambda: refund(mall, order, amount=1000)


PRICED_CASH: Final = (
    Priced(
        "reserve with cash, counted",
        "wallet, entry, order, shard",
        8,
        14,
        paying(reserving),
        is_given=True,
    ),
    Priced(
        "note its payment",
        "order",
        2,
        3,
        paying(noting),
        reads_over=1,
        why="the order is read beside the wallet, which says whose token it still is",
    ),
    Priced(
        "reserve with cash, and note its payment",
        "wallet, entry, order, shard; order",
        10,
        14,
        paying(reserving_and_noting),
        is_given=True,
    ),
    Priced(
        "settle, and end the event",
        "wallet, entry, order, event",
        8,
        10,
        paying(settling),
        is_given=True,
        reads_over=MOVED_READS,
        why=MOVED,
    ),
    Priced(
        "release at the deadline",
        "wallet, entry, order, shard",
        8,
        12,
        paying(releasing),
        is_given=True,
        reads_over=MOVED_READS + 2,
        why=MOVED + ", and whether its token still opens anything",
    ),
    Priced(
        "cancel unpaid",
        "order; receipt, wallet, entry, order, shard",
        12,
        15,
        paying(cancelling_unpaid),
        reads_over=4,
        why=f"{NEWS}; wallet and head are read again once Stripe has cancelled the payment. That"
        " the member wants it is noted before Stripe is asked, then comes a release with a receipt",
    ),
    Priced(
        "cancel paid",
        "receipt, refund, wallet, entry, order, shard; refund",
        14,
        19,
        paying(cancelling_paid),
        reads_over=2,
        why=f"{NEWS}. What Stripe is to give back is written down with the release, and that it"
        " was asked for after that",
    ),
    Priced(
        "refund with cash",
        "refund, wallet, entry, order, audit row; refund",
        12,
        17,
        paying(refunding_cash),
        reads_over=2,
        why=NEWS,
    ),
)
