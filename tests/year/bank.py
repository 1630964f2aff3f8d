"""Stripe's side of the year: what is heard of it and when, what banks question, what is planted.

Every event is heard at the next round, in any order, some twice; some of payments are never heard,
and the job that ends overdue orders sees them. What nobody would see is planted and counted, and
the night's reconciliation has to find exactly that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.gateways.payments.stripe_payments import API_VERSION
from tests.events import Json
from tests.queues import drain
from tests.reconciled import another_payment
from tests.stripes import KEY
from tests.webhooks import tell
from tests.year.town import Town

HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Stripe-Version": API_VERSION}
PAGE: Final = 100
FOLLOWED: Final = ("payment_intent.", "refund.", "charge.refund.", "charge.dispute.")
TWICE: Final = 0.1
NEVER: Final = 0.1
PLANTED: Final = 0.2
LATELY: Final = 60
"""So many paid orders back, a payment may still be questioned."""


def hear(town: Town) -> None:
    """Hear what happened at Stripe since the last round, and have it worked off."""
    told = _news(town)
    town.dice.shuffle(told)
    # Of what is paid late, the reconciliation would hear otherwise: that is planted elsewhere.
    late = {town.intents[order_id] for order_id in town.late}
    for event in told:
        if not event["type"].startswith(FOLLOWED):
            continue
        of_payment = event["type"].startswith("payment_intent.")
        if (
            of_payment
            and event["data"]["object"]["id"] not in late
            and town.chance(NEVER, of="never")
        ):
            town.counts["event never heard"] += 1
            continue
        times = 2 if town.chance(TWICE, of="event twice") else 1
        town.counts["event heard twice"] += times == 2
        for _ in range(times):
            town.told("event heard", tell(town.mall, event))
    if told:
        drain(town.mall)


def question(town: Town) -> None:
    """Let a bank question the payment of an order that was paid and of which nothing went back."""
    found = [name for name in list(town.intents)[-LATELY:] if _may_be_questioned(town, name)]
    if found and town.chance(0.15, of="question"):
        order_id = town.dice.choice(found)
        town.stripe.lever("disputes", {"payment_intent": town.intents[order_id]})
        town.disputes.append(order_id)
        town.questioned.add(order_id)
        town.counts["dispute"] += 1


def rule(town: Town) -> None:
    """Let a bank decide about the dispute that waits longest."""
    if town.disputes and town.chance(0.3, of="rule"):
        order_id = town.disputes.pop(0)
        (dispute,) = town.mall.app.payments().disputes_of(town.intents[order_id])
        is_won = town.chance(0.5, of="won")
        town.stripe.lever(f"disputes/{dispute.id}", {"is_done": is_won})
        town.counts["dispute won" if is_won else "dispute lost"] += 1
        town.looked_at.add(order_id)


def pay_twice(town: Town) -> int:
    """Let an order be paid a second time behind everybody's back; return how many differences."""
    found = [name for name in list(town.intents)[-LATELY:] if _may_be_questioned(town, name)]
    if not (found and town.chance(PLANTED, of="plant")):
        return 0
    order_id = town.dice.choice(found)
    another_payment(town.mall, town.stripe, order_id)
    town.heard = next(iter(_page(town, "events", limit=1)))["id"]
    town.counts["planted: paid twice"] += 1
    return 1


def balance(town: Town) -> tuple[int, int, int]:
    """Return what Stripe took, what it gave back, and what banks took for good."""
    taken = sum(one["amount_received"] for one in _all(town, "payment_intents"))
    alive = (one for one in _all(town, "refunds") if one["status"] in {"succeeded", "pending"})
    lost = (one for one in _all(town, "disputes") if one["status"] == "lost")
    return taken, sum(one["amount"] for one in alive), sum(one["amount"] for one in lost)


def _may_be_questioned(town: Town, order_id: str) -> bool:
    order = town.sums.orders[order_id]
    return (
        order["status"] == "settled"
        and order["dispute"] is None
        and order_id not in town.questioned
        and not order["returned"]["points"]
        and not order["returned"]["cash"]["amount"]
    )


def _news(town: Town) -> list[Json]:
    """Return the events since the last that was heard, oldest first."""
    found: list[Json] = []
    for event in _all(town, "events"):
        if event["id"] == town.heard:
            break
        found.append(event)
    town.heard = found[0]["id"] if found else town.heard
    return found[::-1]


def _all(town: Town, kind: str) -> Iterator[Json]:
    """Yield everything of a kind that Stripe has, newest first."""
    page = _page(town, kind)
    while page:
        yield from page
        page = _page(town, kind, starting_after=page[-1]["id"]) if len(page) == PAGE else []


def _page(town: Town, kind: str, *, limit: int = PAGE, starting_after: str = "") -> list[Json]:
    asked: Json = {"limit": limit} | ({"starting_after": starting_after} if starting_after else {})
    answer = town.stripe.http.get(f"{town.stripe.base}/v1/{kind}", params=asked, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["data"]
    return found
