"""What is done about an order: by its member, by support, by a job, each as a deed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.events import Reply
from tests.mall import Mall
from tests.orders import run_deadlines, run_expiry
from tests.properties.deeds import Body, Deed, as_member, counted, told
from tests.properties.facts import Name

STRANGE_ORDER: Final = "ord_00000000000000000000"


@dataclass(frozen=True, slots=True)
class Target:
    """Which order: by the model's name, and by the program's id."""

    name: Name = ("", "nobody-s")
    id: str = STRANGE_ORDER

    @property
    def path(self) -> str:
        return f"/orders/{self.id}"


def cancelling(mall: Mall, subject: str, key: str, order: Target) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).post(f"{order.path}/cancel", key=key),
        lambda program: program.cancel(subject, key, order.name),
        name=("cancel", subject, key),
    )


def giving_back(
    mall: Mall, key: str, order: Target, quantity: int | None, *, restock: bool
) -> Deed:
    """A refund by support; what need not be said is left out."""
    told = {"quantity": quantity, "restock": restock}
    body = {name: told[name] for name in told if told[name]}
    return Deed(
        lambda: mall.support.post(f"{order.path}/refunds", body, key=key),
        lambda program: program.refund_order(key, order.name, quantity, restock=restock),
        name=("refund", key),
    )


def deciding(mall: Mall, key: str, order: Target, decision: str) -> Deed:
    body = {"decision": decision, "reason": "looked at"}
    return Deed(
        lambda: mall.support.post(f"{order.path}/review", body, key=key),
        lambda program: program.decide(key, order.name, decision),
        name=("review", key),
    )


def fulfilling(mall: Mall, order: Target, state: str, tracking: str | None) -> Deed:
    body: Body = {"state": state} if tracking is None else {"state": state, "tracking": tracking}
    return Deed(
        lambda: mall.support.post(f"{order.path}/fulfilment", body),
        lambda program: program.fulfil(order.name, state, tracking),
    )


def fetching(
    mall: Mall, subject: str, order: Target, saw: Callable[[Name, list[str]], None]
) -> Deed:
    """Codes are shown to somebody, who tells which; the model knows only how many there are."""

    def send() -> Reply:
        reply = as_member(mall, subject).post(f"{order.path}/codes")
        return counted(reply, "codes", lambda codes: saw(order.name, codes))

    return Deed(send, lambda program: program.fetch(subject, order.name))


def looking(mall: Mall, subject: str, order: Target) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).get(order.path),
        lambda program: program.show(subject, order.name),
    )


def inspecting(mall: Mall, order: Target) -> Deed:
    return Deed(
        lambda: mall.support.get(f"/admin{order.path}"),
        lambda program: program.show_file(order.name),
    )


def sweeping(mall: Mall) -> Deed:
    """The job that looks after wallets."""

    def send() -> Reply:
        run_expiry(mall)
        return told({})

    return Deed(send, lambda program: program.sweep())


def ending(mall: Mall) -> Deed:
    """The job that ends what waited too long."""

    def send() -> Reply:
        run_deadlines(mall)
        return told({})

    return Deed(send, lambda program: program.end_overdue())
