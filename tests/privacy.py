"""Somebody who leaves everything behind that a member can leave, and who then leaves for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from chalicelib.gateways.messages.model import Channel
from chalicelib.outreach.notices import store
from chalicelib.outreach.notices.model import Held
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.storage.table import connection
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from tests.activities import hear, refer
from tests.books import scan, texts_in
from tests.campaigns import begun, doubling
from tests.events import Api, Json, a_caller
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import ADDRESS, placed, send

SECRETS: Final = ("林小雨", "lin@example.test", "13800000001", "南京西路", "1990-05-17", "left at")
"""Parts of everything personal that lin ever told, or that was written about her."""
EVIDENCE: Final = "https://example.test/s/lin"
PHONE: Final = "+8613800000001"
LIMITED: Final[Json] = {"limits": [{"per": "day", "units": 5}]}


def a_full_life(mall: Mall, subject: str = "lin", *, phone: str = PHONE) -> Api:
    """Return a member of whom every sort of item is there, and nothing is under way."""
    told = {"subject": subject, "name": "林小雨", "phone": phone, "birthday": "1990-05-17"}
    made(mall.till.post("/members", told | {"email": f"{subject}@example.test"}), 201)
    lin = Api(mall.app, a_caller("member", subject=subject))
    mall.earn(subject, 1_000)
    mug = mall.reward(points=10, **LIMITED)
    sent = placed(lin, mug, key="sent", address=ADDRESS)
    made(send(mall, sent, tracking="SF-1, left at the neighbour's"), 200)
    back = placed(lin, mug, key="back", address=ADDRESS)
    made(lin.post(f"/orders/{back['id']}/cancel", key="cancel"), 200)
    made(lin.put("/me/notices", {"sms": True}), 200)
    play(mall, lin, subject)
    hold_a_notice(mall, subject, order=sent)
    asked = {"member_id": id_of(subject), "points": 5, "reason": "Miscounted."}
    made(mall.support.post("/admin/adjustments", asked, key=f"five-{subject}"), 201)
    return lin


def play(mall: Mall, lin: Api, subject: str) -> None:
    """Let a member check in, do a task, and bring somebody who buys."""
    made(lin.post("/me/check-ins", key="in"), 201)
    made(lin.post("/me/tasks/share", {"evidence": EVIDENCE}, key="task"), 201)
    friend = f"friend-of-{subject}"
    refer(mall, friend, subject)
    mall.earn(friend, 10)
    hear(Work(mall.clock.now()), friend)


def in_a_campaign(mall: Mall, subject: str = "lin") -> None:
    """Let a member earn in a campaign with a cap, and give a part of it back."""
    begun(mall, doubling(budget=10**6, per_member={"points": 500, "per": "month"}))
    made(mall.till.post("/purchases", a_purchase(subject, 50, "p-capped")), 201)
    body = {"refund_id": "r-1", "amount": {"amount": 1_000, "currency": "cny"}}
    made(mall.till.post("/purchases/store-1/p-capped/refunds", body), 201)


def hold_a_notice(mall: Mall, subject: str, *, order: Json) -> None:
    """Let a notice wait: of a member's order, by which their wallet changed for the third time."""
    work = Work(mall.clock.now())
    third, order_id = "J#000000000003", str(order["id"])
    notice = Notice(id_of(subject), third, Kind.ORDER_SETTLED, order_id=order_id)
    persist(work, lambda tx: store.put_new(tx, Held(notice, Channel.MAIL, work.now)))


@contextmanager
def between(happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen right before the first write of the block."""
    events, left = connection().connection.client.meta.events, [happens]

    def look(model: Any, **_: object) -> None:
        if model.name == "TransactWriteItems" and left:
            left.pop()()

    events.register("before-call.dynamodb", look)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", look)


def erased(lin: Api) -> Json:
    """Let a member leave for good."""
    return made(lin.delete("/me", {"confirm": True}), 200)


def told_anywhere() -> set[str]:
    """Return which secrets stand anywhere in the table."""
    texts = {text for item in scan() for text in texts_in(item)}
    return {secret for secret in SECRETS if any(secret in text for text in texts)}


def verified(mall: Mall, subject: str = "lin") -> bool:
    """Tell whether a member's chain holds, as an operator is told."""
    return bool(made(mall.support.get(f"/admin/members/{id_of(subject)}/verify"), 200)["intact"])
