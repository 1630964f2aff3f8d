"""What becomes of orders with a cash part on a running stack, whoever dies or does not listen.

One stack serves all tests that do not stop it; each has a member of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from infra.local.engines import ROOT
from infra.local.programs import QUEUES
from infra.local.queues import LocalQueues
from infra.local.stripe.postman import signature
from tests.events import Json
from tests.stack.process import StackProcess, a_stack, all_gone, start, until
from tests.stack.till import Till, has_settled, in_list, placed, till_of, wallet

CODED: Final = {"mode": "coded"}
TIMES: Final = 10
NOWHERE: Final = "ord_0000000000000000none"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """Run a stack whose webhooks are taken."""
    with a_stack(tmp_path_factory.mktemp("shop")) as stack:
        yield till_of(stack, is_paused=False)


def console(stack: StackProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the console on a stack."""
    command = [sys.executable, "-m", "infra.console", "--state", str(stack.home), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_paid_order_settles_without_anybody_looking_at_it(shop: Till) -> None:
    lin, order = placed(shop, "lin")
    assert shop.pay(order["id"], "ok").json() == {"status": "succeeded"}
    until(lambda: has_settled(lin, order))


def test_what_works_in_the_background_is_replaced_when_it_dies(shop: Till) -> None:
    lin, order = placed(shop, "lin")
    _, _, background, *_ = shop.stack.children()
    os.kill(background, signal.SIGKILL)
    assert shop.pay(order["id"], "ok").status_code == 200
    until(lambda: has_settled(lin, order))
    assert background not in shop.stack.children()


def test_what_stripe_told_is_worked_off_after_a_restart(tmp_path: Path) -> None:
    stack = start(tmp_path)
    till = till_of(stack, is_paused=False)
    lin, order = placed(till, "lin")
    _, _, background, *_ = children = stack.children()
    os.kill(background, signal.SIGSTOP)
    assert till.pay(order["id"], "ok").status_code == 200
    assert not has_settled(lin, order)
    stack.stop(signal.SIGKILL)
    os.kill(background, signal.SIGKILL)
    until(lambda: all_gone(children))
    with a_stack(tmp_path) as again:
        member = again.client().member("lin")
        until(lambda: has_settled(member, order))
        assert "0 dead letter(s)" in console(again, "dead-letters").stdout


def test_a_disputed_card_freezes_the_order(shop: Till) -> None:
    lin, order = placed(shop, "disputed", stock=CODED)
    assert shop.pay(order["id"], "disputed").json() == {"status": "succeeded"}
    until(lambda: in_list(lin, order)["dispute"] == "open")
    for path in ("codes", "cancel"):
        refused = lin.post(f"/orders/{order['id']}/{path}", key=path)
        assert (refused.status_code, refused.json()["code"]) == (409, "order_disputed")
        assert "TEA" not in refused.text
    assert in_list(lin, order)["status"] == "settled"


def test_past_its_deadline_an_order_that_nobody_paid_is_released_by_the_job(shop: Till) -> None:
    lin, order = placed(shop, "late")
    assert wallet(lin) == (400, 100)
    assert shop.client.ask("/clock", {"advance": "PT15M"}).status_code == 200
    assert shop.client.ask("/jobs/order-deadlines", {}).status_code == 200
    assert (in_list(lin, order)["status"], wallet(lin)) == ("expired", (500, 0))
    intent = shop.books().v1.payment_intents.retrieve(intent_of(order))
    assert intent.status == "canceled"


def test_a_paid_order_that_is_cancelled_gives_cash_and_points_back(shop: Till) -> None:
    lin, order = placed(shop, "regretful")
    assert shop.pay(order["id"], "ok").status_code == 200
    until(lambda: has_settled(lin, order))
    for _ in range(2):
        cancelled = lin.post(f"/orders/{order['id']}/cancel", key="c")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert wallet(lin) == (500, 0)
    (refund,) = shop.books().v1.refunds.list({"payment_intent": intent_of(order)}).data
    assert (refund.amount, refund.status) == (2990, "succeeded")


def test_an_event_that_is_told_ten_times_at_once_settles_once(shop: Till) -> None:
    lin, order = placed(shop, "often")
    with shop.unheard(), ThreadPoolExecutor(TIMES) as threads:
        assert shop.pay(order["id"], "ok").status_code == 200
        told = list(threads.map(lambda _: tell_newest(shop), range(TIMES)))
        until(lambda: has_settled(lin, order))
    assert told == [200] * TIMES
    reasons = [entry["reason"] for entry in lin.get("/me/journal").json()["items"]]
    assert reasons.count("order_paid") == 1
    assert wallet(lin) == (400, 0)


def test_what_webhooks_did_not_tell_is_found_and_mended_from_a_shell(shop: Till) -> None:
    lin, order = placed(shop, "unheard")
    intent_id = intent_of(order)
    with shop.unheard():
        assert shop.pay(order["id"], "ok").status_code == 200
        found = console(shop.stack, "reconcile")
        assert (found.returncode, has_settled(lin, order)) == (1, False), found.stderr
        assert f"Differs: 29.90 CNY was paid ({intent_id})" in found.stdout
        state = f"--state {shop.stack.home}"
        assert f"    python -m infra.console {state} mend {intent_id}\n" in found.stdout
        mended = console(shop.stack, "reconcile", "--mend")
        assert f"Mended: 29.90 CNY was paid ({intent_id})" in mended.stdout
        assert has_settled(lin, order)


def test_what_nobody_can_follow_is_a_dead_letter_until_it_is_brought_back(shop: Till) -> None:
    environment = json.loads((shop.stack.home / "environment.json").read_text())
    intent = shop.payment(NOWHERE, environment=environment["JIFEN_ENVIRONMENT"], attempt="1")
    assert shop.pay(NOWHERE, "ok").status_code == 200
    file = Path(environment[QUEUES])
    queues = LocalQueues(file)

    def is_dead() -> bool:
        # Nobody here waits the ten seconds that five tries take.
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as opened:
            opened.execute("UPDATE messages SET visible = 0 WHERE is_dead = 0")
        return bool(queues.dead_letters(STRIPE_EVENTS))

    until(is_dead)
    listed = console(shop.stack, "dead-letters").stdout
    assert intent.id in listed
    assert listed.endswith("1 dead letter(s)\n")
    assert console(shop.stack, "redrive").stdout == "1 brought back.\n"
    assert not queues.dead_letters(STRIPE_EVENTS)


def intent_of(order: Json) -> str:
    """Return the payment of an order, by what its browser was given."""
    return str(order["payment"]["client_secret"]).partition("_secret")[0]


def tell_newest(shop: Till) -> int:
    """Tell the newest event that says that something was paid; return the answer's status."""
    (event,) = shop.books().v1.events.list({"type": "payment_intent.succeeded", "limit": 1}).data
    payload = json.dumps(event.to_dict(), indent=2)
    now = datetime.fromisoformat(shop.client.ask("/clock").json()["now"])
    secrets = shop.client.http.get(f"{shop.stripe}/local/webhook").json()["secrets"]
    header = signature(payload, secrets, now=int(now.timestamp()))
    answer = shop.client.http.post(
        f"{shop.client.api}/webhooks/stripe",
        content=payload,
        headers={"Stripe-Signature": header, "Content-Type": "application/json"},
    )
    return answer.status_code
