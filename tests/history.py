"""A mall in which everything has happened once: what corruptions are planted in.

lin bought twice, returned a part, redeemed two mugs with an address, and lost the rest to its
date; ana is frozen. mei took every way that an order has, and claimed what she had bought as a
guest. zhou owes, and was paid back; old got points back whose date had passed, and ren did not.
amy checked in for eight days, did tasks, and referred three: of them one returned what they bought
and one came when the month was full. wen is told by mail that she was frozen, and thawed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from chalicelib.gateways.messages.errors import Down
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.outreach.relay.rules import parked
from chalicelib.outreach.relay.service import park
from chalicelib.storage.work import Work
from tests.activities import hear, refer
from tests.campaigns import begun, doubling, edited
from tests.corrections import adjust
from tests.events import Api, Json, a_caller
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made
from tests.orders import (
    cancel,
    change_program,
    decide,
    load_codes,
    placed,
    refund,
    review_above,
    run_deadlines,
    send,
)
from tests.outbox import telling
from tests.tape import Tape, play

ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000002",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
LIN: Final = {"subject": "lin", "name": "林小雨", "phone": "+8613800000001"}
ANA: Final = {"subject": "ana", "name": "Ana María", "email": "ana@example.test"}
TWO_A_MONTH: Final = {"per_month": 2}
CODES: Final = [f"SPRING-{number}" for number in range(6)]


def live(mall: Mall) -> None:
    """Let it all happen."""
    lin = _enrol(mall)
    _trade(mall, lin)
    mei = mall.member("mei", points=5_000)
    made(cancel(mei, _cups(mall, mei)), 200)
    _refund(mall, mei)
    _review(mall, mei)
    _sell_numbers(mall, mei)
    _sell_codes(mall, mei)
    _sell_to_guests(mall, mei)
    _owe(mall)
    _correct(mall)
    _sell_tea(mall)
    old = mall.member("old", points=100)
    late = placed(old, mall.reward(40))
    _lose(mall, mall.member("ren", points=100))
    mall.clock.advance(days=41)
    mall.earn("lin", 10)
    made(refund(mall, late, key="late"), 201)
    _be_active(mall)
    _tell(mall)


def _enrol(mall: Mall) -> Api:
    for somebody in (LIN, ANA):
        made(mall.till.post("/members", somebody), 201)
    return Api(mall.app, a_caller("member", subject="lin"))


def _trade(mall: Mall, lin: Api) -> None:
    assert mall.earn("lin", 500)["points"] == 500
    mall.clock.advance(days=40)
    mall.earn("lin", 300)
    _take_back(mall, "p-0", "r-1", amount=10050)
    limits = [{"per": "month", "units": 3}, {"per": "ever", "units": 9}]
    mug = mall.reward(100, stock={"mode": "counted", "units": 8}, limits=limits)
    placed(lin, mug, quantity=2, address=ADDRESS)
    made(mall.marketing.post(f"/admin/rewards/{mug}/stock", {"add": 5}, key="more"), 200)
    mall.reward(40)
    made(mall.support.post(f"/admin/members/{id_of('ana')}/freeze", {"reason": "lost"}), 200)


def _cups(mall: Mall, mei: Api) -> Json:
    """Withdraw a cup, and order three."""
    stock = {"mode": "counted", "units": 9}
    cup = mall.reward(10, stock=stock, limits=[{"per": "ever", "units": 9}])
    path = f"/admin/rewards/{cup}/stock/withdraw"
    made(mall.marketing.post(path, {"units": 1}, key=f"withdraw-{cup}"), 200)
    return placed(mei, cup, key=f"cups-{cup}", quantity=3, address=ADDRESS)


def _refund(mall: Mall, mei: Api) -> None:
    """Refund one order in parts, with and without restock, and another one whole."""
    parts = _cups(mall, mei)
    made(refund(mall, parts, key="kept", quantity=1), 201)
    made(refund(mall, parts, key="restocked", quantity=1, restock=True), 201)
    made(refund(mall, _cups(mall, mei), key="whole", restock=True), 201)
    made(send(mall, _cups(mall, mei), tracking="SF 1"), 200)


def _review(mall: Mall, mei: Api) -> None:
    """Approve one order, reject one, cancel one, let one wait too long, and another one wait."""
    review_above(mall, yuan=3)
    hat = mall.reward(400, stock={"mode": "counted", "units": 9})
    first, second, third = (placed(mei, hat, key=f"hat-{number}") for number in range(3))
    placed(mei, hat, key="too-long")
    made(decide(mall, first, "approve", key="approve"), 200)
    made(decide(mall, second, "reject", key="reject"), 200)
    made(cancel(mei, third, key="cancel"), 200)
    mall.clock.advance(hours=73)
    run_deadlines(mall)
    placed(mei, hat, key="waits")
    change_program(mall, review=None)


def _sell_numbers(mall: Mall, mei: Api) -> None:
    """Sell numbers: two are kept, one is cancelled, one refunded, and five are withdrawn."""
    cup = mall.reward(10, stock={"mode": "numbered", "units": 95})
    path = f"/admin/rewards/{cup}/stock"
    made(mall.marketing.post(path, {"add": 5}, key="numbers"), 200)
    placed(mei, cup, key="numbers-1", quantity=2)
    made(cancel(mei, placed(mei, cup, key="numbers-2"), key="numbers-2"), 200)
    back = placed(mei, cup, key="numbers-3")
    made(refund(mall, back, key="numbers-3", restock=True), 201)
    made(mall.marketing.post(f"{path}/withdraw", {"units": 5}, key="numbers"), 200)


def _sell_codes(mall: Mall, mei: Api) -> None:
    """Sell codes: fetched ones are refunded and retired, others are put back; one is left."""
    book = mall.reward(10, stock={"mode": "coded"})
    load_codes(mall, book, CODES)
    path = f"/admin/rewards/{book}/codes"
    made(mall.marketing.post(path, {"csv": "AUTUMN-1\nAUTUMN-2"}, key="waits"), 201)
    seen = placed(mei, book, key="codes-1", quantity=2)
    made(mei.post(f"/orders/{seen['id']}/codes"), 200)
    made(refund(mall, seen, key="codes-1", quantity=1, restock=True), 201)
    unseen = placed(mei, book, key="codes-2")
    made(refund(mall, unseen, key="codes-2", restock=True), 201)


def _sell_to_guests(mall: Mall, mei: Api) -> None:
    """Sell to two guests, take a part back of each, and let mei claim one and return more."""
    codes = []
    for name in ("guest-1", "guest-2"):
        sale = {**a_purchase("nobody", 100, name), "member_id": None}
        codes.append(made(mall.till.post("/purchases", sale), 201)["claim_code"])
        _take_back(mall, name, "before")
    made(mei.post("/me/claims", {"claim_code": codes[1]}, key="claim"), 201)
    _take_back(mall, "guest-2", "after")


def _sell_tea(mall: Mall) -> None:
    """Sell tea in a campaign until one member has had all of it; take a part back."""
    mall.member("tao")
    cap = {"points": 150, "per": "month"}
    spring = begun(mall, doubling(categories=["tea"], budget=500, per_member=cap))
    mall.clock.advance(minutes=1)
    for number in (1, 2, 3):
        lines = [{"category": "tea", "amount": 10_000}]
        sale = {**a_purchase("tao", 120, f"tea-{number}"), "lines": lines}
        made(mall.till.post("/purchases", sale), 201)
    _take_back(mall, "tea-1", "tea", amount=6_000)
    edited(mall, spring, validity_days=90)


def _owe(mall: Mall) -> None:
    """Let zhou spend what a refund takes back later, and pay some of it by a refund."""
    zhou, number = mall.member("zhou"), next(mall.numbers)
    sale = a_purchase("zhou", 100, f"z-{number}")
    made(mall.till.post("/purchases", sale), 201)
    order = placed(zhou, mall.reward(50), quantity=2)
    _take_back(mall, f"z-{number}", "all", amount=10_000)
    made(refund(mall, order, key="owing", quantity=1), 201)


def _lose(mall: Mall, ren: Api) -> None:
    """Let ren order on the last day of her points, and cancel after midnight."""
    mall.clock.instant = datetime(2029, 1, 31, 15, 50, tzinfo=UTC)
    order = placed(ren, mall.reward(40))
    mall.clock.advance(minutes=20)
    assert made(cancel(ren, order), 200)["returned"]["expired"] == 40


def _correct(mall: Mall) -> None:
    for points in (50, -30):
        asked = Adjustment(id_of("mei"), points, "Miscounted.", by="op-mei", key=f"k{points}")
        adjust(Work(mall.clock.now()), asked)
    path = "/admin/adjustments"
    for points, verdict in ((40, ""), (-1_500, "approve"), (1_500, "approve"), (9_000, "reject")):
        asked_for = {"member_id": id_of("mei"), "points": points, "reason": "Miscounted."}
        told = made(mall.support.post(path, asked_for, key=f"desk{points}"), 201)
        if verdict:
            made(mall.finance.post(f"{path}/{told['id']}/{verdict}", {}, key=f"v{points}"), 200)


def _be_active(mall: Mall) -> None:
    """Let amy check in for eight days, do tasks, and refer three: two a month are paid for."""
    amy, settings = mall.member("amy"), mall.marketing.get("/admin/program")["activities"]
    change_program(mall, activities=settings | {"referral": settings["referral"] | TWO_A_MONTH})
    for number in range(2):
        shown = {"evidence": f"https://example.test/posts/{number}"}
        made(amy.post("/me/tasks/share", shown, key=f"share-{number}"), 201)
    for number in range(3):
        friend = f"friend-{number}"
        refer(mall, friend, "amy", device=friend)
        made(mall.till.post("/purchases", a_purchase(friend, 10, friend)), 201)
        hear(Work(mall.clock.now()), friend)
    _take_back(mall, "friend-1", "r-friend")
    hear(Work(mall.clock.now()), "friend-1")
    for number in range(8):
        made(amy.post("/me/check-ins", key=f"day-{number}"), 201)
        mall.clock.advance(days=1)


def _tell(mall: Mall) -> None:
    """Freeze wen and thaw her: one notice waits, one is sent, and two records are put aside.

    The validity became shorter in the meantime, and longer again.
    """
    wen, path = Api(mall.app, a_caller("member", subject="wen")), f"/admin/members/{id_of('wen')}"
    made(wen.post("/me", {"email": "wen@example.test"}), 201)
    made(wen.put("/me/notices", {"quiet": {"from": "23:00", "until": "07:30"}}), 200)
    tape = Tape()
    for deed in ("freeze", "thaw"):
        made(mall.support.post(f"{path}/{deed}", {"reason": "lost"}), 200)
    with telling(mall) as outbox:
        outbox.failures = [Down("away")]
        records = tape.take()
        assert play(mall, records) == []
    asides = [parked(record, why="KeyError", at=mall.clock.now()) for record in records[:2]]
    for aside in asides:
        park(Work(mall.clock.now()), aside)
    made(mall.support.post(f"/admin/parked/{asides[0].id}/replay"), 200)
    for months in (12, 13):
        change_program(mall, validity_months={"basic": months, "silver": 36, "gold": 60})


def _take_back(mall: Mall, purchase_id: str, refund_id: str, *, amount: int = 1_000) -> None:
    path = f"/purchases/{CHANNEL_NAME}/{purchase_id}/refunds"
    made(mall.till.post(path, {"refund_id": refund_id, "amount": amount}), 201)
