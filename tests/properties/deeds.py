"""What people do: each deed is one request of the real program and one method of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.web.identity import Identity
from tests.events import CHANNEL, Api, Reply, a_caller
from tests.mall import Mall, id_of
from tests.properties.facts import Expected
from tests.properties.model import Program

CHANNELS: Final[Mapping[str, Identity]] = {
    "store-1": CHANNEL,
    "web": a_caller("channel", subject="web-1", client="web-1"),
}
MEMBERS: Final = ("lin", "wang")
LATECOMER: Final = "zhou"
"""Joins at some time, and is a stranger until then."""

Body = Mapping[str, Any]
PurchaseName = tuple[str, str]
"""A channel and its purchase id."""


@dataclass(frozen=True, slots=True)
class Deed:
    """How to send a request, what the model makes of it, and by which name its answer lasts."""

    send: Callable[[], Reply]
    judge: Callable[[Program], Expected]
    name: object = None


def as_member(mall: Mall, subject: str) -> Api:
    return Api(mall.app, a_caller("member", subject=subject))


def enrolling(mall: Mall, subject: str) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).post("/me"), lambda program: program.enrol(subject)
    )


def reporting(mall: Mall, report: Body) -> Deed:
    subjects = (*MEMBERS, LATECOMER)
    subject = next((who for who in subjects if id_of(who) == report["member_id"]), "")
    till = Api(mall.app, CHANNELS[report["channel"]])
    return Deed(
        lambda: till.post("/purchases", report),
        lambda program: program.report(subject, report),
        name=(report["channel"], report["purchase_id"]),
    )


def refunding(mall: Mall, name: PurchaseName, refund_id: str, amount: int) -> Deed:
    """A refund; the same one may name its currency or leave it out."""
    channel, purchase_id = name
    told = {"amount": amount, "currency": "cny"} if mall.clock.instant.second % 2 else amount
    body = {"refund_id": refund_id, "amount": told}
    till = Api(mall.app, CHANNELS[channel])
    return Deed(
        lambda: till.post(f"/purchases/{channel}/{purchase_id}/refunds", body),
        lambda program: program.refund(name, refund_id, amount),
        name=(name, refund_id),
    )


def placing(mall: Mall, subject: str, key: str, ask: Body) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).post("/orders", ask, key=key),
        lambda program: program.place(subject, key, ask),
        name=(subject, key),
    )


def quoting(mall: Mall, subject: str, ask: Body) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).post("/orders/quote", ask),
        lambda program: program.quote(subject, ask),
    )


def freezing(mall: Mall, subject: str, *, frozen: bool) -> Deed:
    path = f"/admin/members/{id_of(subject)}/{'freeze' if frozen else 'thaw'}"
    return Deed(
        lambda: mall.support.post(path, {"reason": "asked"}),
        lambda program: program.set_frozen(subject, frozen=frozen),
    )


def restocking(mall: Mall, key: str, reward_id: str, units: int) -> Deed:
    path = f"/admin/rewards/{reward_id}/stock"
    return Deed(
        lambda: mall.marketing.post(path, {"add": units}, key=key),
        lambda program: program.restock(key, reward_id, units),
    )


def repricing(mall: Mall, reward_id: str, points: int, *, behind: bool) -> Deed:
    """An edit of the first price, by somebody who may not have read the last one."""
    path = f"/admin/rewards/{reward_id}"
    document = mall.marketing.get(path).json
    tag = {"If-Match": f'"{document.pop("version") + behind}"'}
    document["options"][0]["points"] = points
    return Deed(
        lambda: mall.marketing.put(path, document, headers=tag),
        lambda program: program.reprice(reward_id, points, behind=behind),
    )
