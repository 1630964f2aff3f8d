"""What it costs to hear what Stripe tells, to claim it, and to follow a dispute.

What follows is done as the handler does it, with the event's end in the same transaction. What was
used already is clawed back when a dispute opens; what was not goes to the shelf when it is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from chalicelib.redeem.disputes import service as disputes
from chalicelib.redeem.webhooks import service as webhooks
from chalicelib.redeem.webhooks import store
from chalicelib.redeem.webhooks.rules import LEASE
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from tests.crash_orders import DONE
from tests.disputes import decide, follow, question
from tests.events import Reply
from tests.mall import Mall, made
from tests.orders import send
from tests.priced import Priced, Ready
from tests.priced_cash import MOVED, MOVED_READS, bought_by_lin, paying, waiting
from tests.stripes import LocalStripe
from tests.webhooks import events, paid_event, tell


def hearing(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare the hearing of an event."""
    _, order = waiting(mall)
    stripe.pay_order(order["id"])
    event = paid_event(stripe)
    return lambda: tell(mall, event)


def claiming_an_event(mall: Mall, stripe: LocalStripe) -> Ready:
    """Prepare the claim of an event that was heard."""
    made(hearing(mall, stripe)(), 200)
    work = Work(mall.clock.now())
    event = webhooks.find(work, paid_event(stripe)["id"])
    assert event is not None
    until = work.now + LEASE

    def claim() -> Reply:
        persist(work, lambda tx: store.put_lease(tx, event, until=until))
        return DONE

    return claim


def disputing(
    *, is_sent: bool, is_opened: bool = False, won: bool | None = None
) -> Callable[[Mall], Ready]:
    """Return how what follows from a dispute's event is prepared; `won`: what the bank decided."""

    def prepare(mall: Mall, stripe: LocalStripe) -> Ready:
        _, order = bought_by_lin(mall, stripe)
        if is_sent:
            made(send(mall, order), 200)
        dispute = question(stripe, order)
        if is_opened:
            follow(mall, dispute)
        if won is not None:
            decide(stripe, dispute, won=won)
        event = [one for one in events(stripe) if one["data"]["object"]["id"] == dispute][-1]
        made(tell(mall, event), 200)
        aside = partial(store.put_done, event_id=event["id"])

        def step() -> Reply:
            work = Work(mall.clock.now())
            assert disputes.follow(work, mall.app.payments(), dispute_id=dispute, aside=aside)
            return DONE

        return step

    return paying(prepare)


PRICED_EVENTS: Final = (
    Priced("hear an event", "event", 2, 2, paying(hearing)),
    Priced("claim an event", "event", 2, 2, paying(claiming_an_event)),
    Priced(
        "dispute opened",
        "order, event",
        4,
        6,
        disputing(is_sent=False),
        reads_over=MOVED_READS,
        why=MOVED,
    ),
    Priced(
        "dispute opened, already used",
        "wallet, entry, order, event",
        8,
        10,
        disputing(is_sent=True),
        reads_over=MOVED_READS,
        why=MOVED,
    ),
    Priced(
        "dispute won, already used",
        "wallet, entry, order, event",
        8,
        10,
        disputing(is_sent=True, is_opened=True, won=True),
        reads_over=MOVED_READS,
        why=MOVED,
    ),
    Priced(
        "dispute lost",
        "wallet, entry, order, shard, event",
        10,
        12,
        disputing(is_sent=False, is_opened=True, won=False),
        reads_over=MOVED_READS,
        why=MOVED,
    ),
    Priced(
        "dispute lost, already used",
        "order, event",
        4,
        6,
        disputing(is_sent=True, is_opened=True, won=False),
        reads_over=MOVED_READS,
        why=MOVED,
    ),
)
