"""What the actors of the saga share: the table, a Stripe, a queue and a clock, put back at once.

Whatever is not the table lies in one frozen fact, `Outside`. A call of it is a step like any other:
reading the clock, asking Stripe, sending a message, a customer's paying, an hour that passes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.gateways.payments.model import Intent
from tests.interleavings.actors import Stage
from tests.interleavings.engine import Answer, Call, Engine, Stand
from tests.mall import OPENING
from tests.saga import stripe
from tests.saga.stripe import Account, Fault


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything but the table. `messages` wait until they are told to be done."""

    account: Account
    messages: tuple[str, ...] = ()

    @property
    def now(self) -> datetime:
        """Return the time."""
        return self.account.now


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody sees who begins: the time, and the payments of an order."""

    now: datetime
    intents: tuple[Intent, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole(Stand):
    """How the table stands, and everything else."""

    table: Stand
    outside: Outside


def outside_of(stand: Stand) -> Outside:
    """Return what is not the table."""
    assert isinstance(stand, Whole)
    return stand.outside


class Place:
    """The ground under the actors of the saga."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        """Begin with an empty table and an account without payments."""
        self._engine = engine
        self._now = now
        self.outside = Outside(Account(now))

    def carry_out(self, call: Call) -> Answer:
        """Carry out a call."""
        if call.request is not None:
            return self._engine.carry_out(call)
        if call.operation in stripe.DEEDS:
            account, told = stripe.answered(self.outside.account, call.operation, call.asked)
            self.outside = replace(self.outside, account=account)
        else:
            self.outside, told = DEEDS[call.operation](self.outside, *call.asked)
        return Answer(200, json.dumps({"__type": _words(told)}).encode(), told)

    def stand(self) -> Stand:
        """Return how everything stands."""
        table = self._engine.stand()
        told = hashlib.sha256(table.digest + repr(self.outside).encode())
        return Whole(told.digest(), table.rows, None, table, self.outside)

    def put_back(self, stand: Stand) -> None:
        """Let everything stand as it stood then."""
        assert isinstance(stand, Whole)
        self._engine.put_back(stand.table)
        self.outside = stand.outside

    def clear(self) -> None:
        """Begin with nothing."""
        self._engine.clear()
        self.outside = Outside(Account(self._now))


def asked(stage: Stage, deed: str, *of: Any, opens: Callable[[Outside], bool] | None = None) -> Any:
    """Return what a call of something outside the table brings."""
    is_open = None if opens is None else lambda stand: opens(outside_of(stand))
    call = Call(deed, (), repr((deed, of)).encode(), asked=of, opens=is_open)
    return stage.answer(call).thing


def _words(told: Hashable) -> str:
    """Return what a call brought, as a trace has it."""
    if isinstance(told, stripe.Failed):
        return told.reason
    if isinstance(told, Seen):
        return f"{told.now:%H.%M}"
    return str(getattr(told, "status", "done"))


Done = tuple[Outside, Hashable]


def _begin(outside: Outside, order_id: str = "") -> Done:
    return outside, Seen(outside.now, tuple(outside.account.of_order(order_id)))


def _pass(outside: Outside, minutes: int) -> Done:
    # Since the beginning, so that time which passes twice comes to the same.
    now = max(outside.now, OPENING + timedelta(minutes=minutes))
    return replace(outside, account=replace(outside.account, now=now)), None


def _pay(outside: Outside, order_id: str) -> Done:
    return _tried(outside, order_id, is_declined=False)


def _decline(outside: Outside, order_id: str) -> Done:
    return _tried(outside, order_id, is_declined=True)


def _tried(outside: Outside, order_id: str, *, is_declined: bool) -> Done:
    intent = payable(outside.account, order_id)
    if intent is None:
        return outside, False
    account = stripe.paid(outside.account, intent.id, is_declined=is_declined)
    return replace(outside, account=account), True


def payable(account: Account, order_id: str) -> Intent | None:
    """Return the newest payment of an order that somebody can still pay."""
    found = account.of_order(order_id)
    return next((one for one in found if one.status in stripe.PAYABLE), None)


def _spoil(outside: Outside, fault: Fault) -> Done:
    return replace(outside, account=replace(outside.account, fault=fault)), None


def _send(outside: Outside, body: str) -> Done:
    return replace(outside, messages=tuple(sorted({*outside.messages, body}))), None


def _done(outside: Outside, body: str) -> Done:
    return replace(outside, messages=tuple(set(outside.messages) - {body})), None


DEEDS: Final[dict[str, Callable[..., Done]]] = {
    "begins": _begin,
    "time passes": _pass,
    "pays": _pay,
    "is declined": _decline,
    "spoils": _spoil,
    "queues": _send,
    "finishes": _done,
}
