"""The same event ten times at once, and several that work it off: what follows, follows once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from chalicelib.ledger.journal.model import Reason
from chalicelib.storage.work import Work
from infra.local.queues import RETRY_SECONDS, LocalQueues
from tests.books import read_books
from tests.invariants import check_all
from tests.mall import Mall
from tests.orders import placed
from tests.queues import drain
from tests.rows import of_sort
from tests.stripes import taking_money
from tests.webhooks import events, tell

TIMES: Final = 10
WORKERS: Final = 4
OPTIONS: Final = [{"points": 100, "cash": {"amount": 2990, "currency": "cny"}}]


def test_the_same_event_ten_times_at_once_settles_once(mall: Mall, tmp_path: Path) -> None:
    with taking_money(mall, tmp_path) as stripe, ThreadPoolExecutor(TIMES) as threads:
        order = placed(mall.member(points=500), mall.reward(options=OPTIONS))
        stripe.pay_order(order["id"])
        event = events(stripe)[-1]
        mall.app.prepare()
        told = list(threads.map(lambda _: tell(mall, event).status, range(TIMES)))
        assert told == [200] * TIMES
        assert len(of_sort("E")) == 1
        queues = mall.app.queue()
        assert isinstance(queues, LocalQueues)
        assert queues.depth(STRIPE_EVENTS) == TIMES
        # Whoever finds the event claimed by another gives its message back.
        while queues.depth(STRIPE_EVENTS):
            list(threads.map(lambda _: drain(mall), range(WORKERS)))
            mall.clock.advance(seconds=RETRY_SECONDS)
        assert queues.dead_letters(STRIPE_EVENTS) == []
        work = Work(mall.clock.now())
        assert len(read_books(work).referred(Reason.PAID, "order")[order["id"]]) == 1
        check_all(work)
