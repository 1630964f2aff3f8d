"""What people do: each deed is one request of the real program and one method of the model.

Here are those of members and tills that touch a wallet or the shelf; `order_deeds` has what is
done about an order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.storage.work import Work
from chalicelib.web.identity import Identity
from tests.activities import hear
from tests.corrections import adjust
from tests.events import CHANNEL, Api, Json, Reply, a_caller
from tests.mall import Mall, id_of
from tests.properties.facts import Expected, Name
from tests.properties.ledger import NEWCOMER, REFERRER
from tests.properties.model import Program
from tests.properties.shelf import Thresholds

CHANNELS: Final[Mapping[str, Identity]] = {
    "store-1": CHANNEL,
    "web": a_caller("channel", subject="web-1", client="web-1"),
}
MEMBERS: Final = (REFERRER, "wang")
LATECOMER: Final = NEWCOMER
"""Joins at some time, and is a stranger until then."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """How to send a request, what the model makes of it, and by which name its answer lasts."""

    send: Callable[[], Reply]
    judge: Callable[[Program], Expected]
    name: object = None


def as_member(mall: Mall, subject: str) -> Api:
    return Api(mall.app, a_caller("member", subject=subject))


def told(answer: Json) -> Reply:
    """Return what a deed without a route of its own answers."""
    return Reply(200, {}, json.dumps(answer))


def enrolling(mall: Mall, subject: str) -> Deed:
    told = {"referred_by": id_of(REFERRER)} if subject == LATECOMER else None
    return Deed(
        lambda: as_member(mall, subject).post("/me", told), lambda program: program.enrol(subject)
    )


def reporting(mall: Mall, report: Body) -> Deed:
    """A purchase; a guest's has no member."""
    subjects = (*MEMBERS, LATECOMER)
    subject = next((who for who in subjects if id_of(who) == report["member_id"]), "")
    till = Api(mall.app, CHANNELS[report["channel"]])
    return Deed(
        lambda: till.post("/purchases", report),
        lambda program: program.report(None if report["member_id"] is None else subject, report),
        name=(report["channel"], report["purchase_id"]),
    )


def refunding(mall: Mall, name: Name, refund_id: str, amount: int) -> Deed:
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


def claiming(mall: Mall, subject: str, key: str, code: str, *, of: Name | None) -> Deed:
    """A claim of a purchase by its code, which is of none where it is wrong."""
    return Deed(
        lambda: as_member(mall, subject).post("/me/claims", {"claim_code": code}, key=key),
        lambda program: program.claim(subject, key, of),
        name=("claim", subject, key),
    )


def checking_in(mall: Mall, subject: str, key: str) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).post("/me/check-ins", key=key),
        lambda program: program.check_in(subject, key),
        name=("check-in", subject, key),
    )


def sharing(mall: Mall, subject: str, key: str, evidence: str) -> Deed:
    return Deed(
        lambda: as_member(mall, subject).post("/me/tasks/share", {"evidence": evidence}, key=key),
        lambda program: program.share(subject, key, evidence),
        name=("share", subject, key),
    )


def hearing(mall: Mall) -> Deed:
    """Whoever referred the latecomer hears of all that this one did, as no route makes them."""

    def send() -> Reply:
        hear(Work(mall.clock.instant), LATECOMER)
        return told({})

    return Deed(send, lambda program: program.hear())


def adjusting(mall: Mall, subject: str, key: str, points: int) -> Deed:
    """A correction by hand, which no route makes."""

    def send() -> Reply:
        asked = Adjustment(id_of(subject), points, "counted anew", by="op-mei", key=key)
        return told({"available": adjust(Work(mall.clock.instant), asked).available})

    return Deed(send, lambda program: program.adjust(subject, key, points))


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
        name=("restock", key),
    )


def withdrawing(mall: Mall, key: str, reward_id: str, units: int) -> Deed:
    path = f"/admin/rewards/{reward_id}/stock/withdraw"
    return Deed(
        lambda: mall.marketing.post(path, {"units": units}, key=key),
        lambda program: program.withdraw(key, reward_id, units),
        name=("withdraw", key),
    )


def loading(mall: Mall, key: str, reward_id: str, codes: tuple[str, ...]) -> Deed:
    """An import of codes: looked over, then executed."""
    path = f"/admin/rewards/{reward_id}/codes"

    def send() -> Reply:
        preview = mall.marketing.post(path, {"csv": "\n".join(codes)}, key=key)
        if preview.status != 201:
            return preview
        return mall.marketing.post(f"{path}/{preview['id']}/execute")

    return Deed(send, lambda program: program.load(key, reward_id, codes), name=("load", key))


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


def setting(mall: Mall, thresholds: Thresholds) -> Deed:
    """A change of the program: which orders somebody looks at from now on."""
    document = mall.marketing.get("/admin/program")
    tag = {"If-Match": document.headers["etag"]}
    worth = None if thresholds.worth is None else {"amount": thresholds.worth, "currency": "cny"}
    review = {"redemptions_per_hour": thresholds.per_hour, "worth": worth}
    body = document.json | {"review": None if thresholds == Thresholds() else review}
    return Deed(
        lambda: mall.marketing.put("/admin/program", body, headers=tag),
        lambda program: program.set_thresholds(thresholds),
    )


def counted(reply: Reply, codes: str, saw: Callable[[list[str]], None]) -> Reply:
    """Return an answer with the number of its codes instead of them, when somebody saw them."""
    if reply.status != 200:
        return reply
    saw(reply[codes])
    return replace(reply, text=json.dumps({codes: len(reply[codes])}))
