"""Each background function has the rights to the table that it uses, and no others.

A function does here all that it can do: its entries of the crash matrices, and what they leave
out. So both directions hold: what is done and not allowed fails on AWS, and nowhere else; what is
allowed and never done is a right too many. The matrices judge the first under every fault.

Of the API's function only the first is judged, over every request of the crash matrix; that it
needs each of its rights is found by taking them away, in `tests/contracts/test_deployment.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from app import app
from chalicelib.gateways.messages.errors import Down
from infra.local import jobs
from tests import crash_privacy
from tests.activities import refer
from tests.cash import CASH, lapse, paid_too_late
from tests.crash_cash import worked_off
from tests.crash_entries import DISPUTES, JOBS, QUEUES, WRITES
from tests.crash_orders import A_MONTH_LATER, DONE
from tests.crash_requests import Clients
from tests.crashes import Hours, Loaded, Send
from tests.differences import FOLLOWED, Plant
from tests.events import Api, Json, Reply, a_caller
from tests.faults import Crashed, Fault, faults
from tests.mall import Mall, id_of, made
from tests.orders import placed, run_expiry
from tests.outbox import Outbox, telling
from tests.rights import WITHOUT_TABLE, granted, policies, watched
from tests.rows import erase, overwrite, row
from tests.stripe_crash_entries import ENTRIES
from tests.stripes import taking_money
from tests.tape import Tape, play
from tests.traces import forget
from tests.webhooks import a_payment_event
from tests.wording import sold_out

API: Final = "api_handler"
Prepare = Callable[[Clients], Send]


@pytest.fixture
def clients(mall: Mall, tmp_path: Path) -> Iterator[Clients]:
    """Return clients of a mall that takes money and tells its members."""
    hours = Hours()
    before = (app.pause, app.elapsed, app.dice)
    app.pause, app.elapsed, app.dice = hours.pause, hours.elapsed, Loaded()
    mall.member("first")
    with taking_money(mall, tmp_path) as stripe, telling(mall):
        yield Clients(mall, stripe)
    app.pause, app.elapsed, app.dice = before


def of_stripe(name: str) -> Prepare:
    return lambda clients: ENTRIES[name](clients).send


def reconcile(plant: Plant) -> Prepare:
    def prepare(clients: Clients) -> Send:
        plant(clients.mall, clients.stripe)
        return lambda: run(clients, "reconciliation")

    return prepare


def hear_of_late_money(clients: Clients) -> Send:
    order, intent = paid_for_the_last_number(clients)
    return worked_off(clients, a_payment_event(order, intent, id=f"evt_{next(clients.numbers)}"))


def reconcile_late_money(clients: Clients) -> Send:
    paid_for_the_last_number(clients)
    return lambda: run(clients, "reconciliation")


def paid_for_the_last_number(clients: Clients) -> tuple[str, str]:
    """Return an order and its payment, which came late: its number is looked for in its block."""
    lin, order = with_the_last_number(clients)
    intent, _, _ = order["payment"]["client_secret"].partition("_secret_")
    paid_too_late(clients.mall, clients.stripe, lin, order)
    return order["id"], intent


def end_one_with_a_number(clients: Clients) -> Send:
    with_the_last_number(clients)
    lapse(clients.mall, clients.stripe)
    return lambda: run(clients, "order-deadlines")


def with_the_last_number(clients: Clients) -> tuple[Api, Json]:
    """Return a member and an order of theirs that waits for cash and has all units there are."""
    lin = clients.mall.member("lin", points=100)
    options = [{"points": 10, "cash": CASH}]
    reward = clients.mall.reward(options=options, stock={"mode": "numbered", "units": 1})
    return lin, placed(lin, reward)


def run(clients: Clients, job: str) -> Reply:
    jobs.run(app, job, now=clients.mall.clock.now())
    return DONE


def reminded(clients: Clients) -> Tape:
    """Return the stream with a reminder in it, of points that would buy something."""
    subject = "reminded"
    api = Api(app, a_caller("member", subject=subject))
    made(api.post("/me", {"email": "reminded@example.test"}), 201)
    assert clients.plain
    clients.mall.earn(subject, 100)
    sold_out(clients.mall)
    clients.mall.clock.instant = A_MONTH_LATER.replace(year=2028, month=11, day=1)
    tape = Tape()
    run_expiry(clients.mall)
    return tape


def tell(clients: Clients) -> Send:
    tape = reminded(clients)
    return lambda: read(clients, tape)


def reward_a_referrer(clients: Clients) -> Send:
    mall, tape = clients.mall, Tape()
    mall.member("nan")
    refer(mall, "mei", "nan")
    mall.earn("mei", 100)
    return lambda: read(clients, tape)


def forget_the_erased(clients: Clients) -> Send:
    """Whoever was erasing somebody died behind the first transaction."""
    leave, tape = crash_privacy.erase(clients), Tape()
    with faults({1: Fault.CRASH_BEFORE}, only="TransactWriteItems"), pytest.raises(Crashed):
        leave()
    return lambda: read(clients, tape)


def tell_what_is_parked(clients: Clients) -> Send:
    """A reader that finds nothing parks a record; asked for twice, it is told in the end."""
    mall = clients.mall
    lin = Api(app, a_caller("member", subject="lin"))
    made(lin.post("/me", {"email": "lin@example.test"}), 201)
    mall.earn("lin", 100)
    tape = Tape()
    order = placed(lin, clients.plain)
    at = (id_of("lin"), f"O#{order['id']}")
    kept = row(*at)

    def send() -> Reply:
        erase(*at)
        read(clients, tape)
        (parked,) = made(mall.support.get("/admin/parked"), 200)["items"]
        ask = f"/admin/parked/{parked['id']}/replay"
        for _ in range(2):
            tape.take()
            made(mall.support.post(ask), 200)
            read(clients, tape)
            mall.clock.advance(minutes=1)
            overwrite(kept)
        assert not made(mall.support.get("/admin/parked"), 200)["items"]
        return DONE

    return send


def tell_later(clients: Clients) -> Send:
    """A reminder whose carrier was away."""
    tape, outbox = reminded(clients), clients.mall.app.messages()
    assert isinstance(outbox, Outbox)
    outbox.failures.append(Down("throttled"))
    read(clients, tape)
    clients.mall.clock.advance(hours=6)
    return lambda: run(clients, "held-notices")


def read(clients: Clients, tape: Tape) -> Reply:
    records = tape.take()
    assert play(clients.mall, records) == []
    return DONE


DEEDS: Final[Mapping[str, Sequence[Prepare]]] = {
    "expiry": [JOBS["expiry"].prepare],
    "held-notices": [JOBS["held-notices"].prepare, tell_later],
    "order-deadlines": [
        *(of_stripe(name) for name in ENTRIES if name.startswith("the deadline")),
        end_one_with_a_number,
        # From here on every order is looked at.
        JOBS["order-deadlines"].prepare,
    ],
    "reconciliation": [
        *(reconcile(plant) for _, plant in FOLLOWED),
        reconcile_late_money,
    ],
    "relay": [tell, reward_a_referrer, forget_the_erased, tell_what_is_parked],
    "stripe-events": [
        *(entry.prepare for entry in (*QUEUES.values(), *DISPUTES.values())),
        *(of_stripe(name) for name in ENTRIES if name.startswith("hear of")),
        hear_of_late_money,
    ],
    "unfinished-refunds": [
        JOBS["unfinished-refunds"].prepare,
        *(of_stripe(name) for name in ENTRIES if name.startswith("unfinished refunds")),
    ],
}
"""All that each background function does."""
STRICT: Final = frozenset({"redeem into review", "approve", "reject", "look too late"})
"""What changes the program, so that every order after it is looked at."""


def test_every_background_function_is_here() -> None:
    assert DEEDS.keys() == {source.name for source in app.event_sources}
    assert DEEDS.keys() == policies().keys() - {API, WITHOUT_TABLE}
    assert granted(WITHOUT_TABLE) == set()


@pytest.mark.parametrize("function", DEEDS)
def test_a_function_may_do_what_it_does_and_nothing_else(clients: Clients, function: str) -> None:
    with watched(app) as used:
        for prepare in DEEDS[function]:
            send = prepare(clients)
            # What the process remembers would spare it calls.
            forget()
            assert send().status == 200
    assert used[function] == granted(function)
    assert all(used[name] <= granted(name) for name in used)


def test_the_api_may_do_what_it_does(clients: Clients) -> None:
    with watched(app, besides=API) as used:
        for name in sorted(WRITES, key=STRICT.__contains__):
            send = WRITES[name].prepare(clients)
            forget()
            assert [send(), send()][-1].status == WRITES[name].again
    assert used[API] <= granted(API)
