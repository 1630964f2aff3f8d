"""Everything that may become of an order, over real HTTP: what a member, a till and support do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import httpx
import pytest

from infra.local.engines import ROOT
from tests.stack.client import Client
from tests.stack.process import StackProcess, a_stack, until

CODES: Final = ["WINTER-7QK2", "WINTER-9XW4", "WINTER-0ZZ1"]
NUMBERS: Final = count(1)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """Run a stack of our own: its clock moves, and its program asks for reviews."""
    with a_stack(tmp_path_factory.mktemp("orders")) as running:
        yield running


@pytest.fixture
def nobody(shop: StackProcess) -> Client:
    """Return a client of it, as nobody."""
    return shop.client()


def told(answer: httpx.Response, status: int = 200) -> Json:
    """Return an answer's body."""
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    return body


def key() -> str:
    return f"key-{next(NUMBERS)}"


def shopper(nobody: Client, *, yuan: int = 1_000) -> Client:
    """Return a new member who has bought for so many yuan."""
    lin = nobody.member(f"shopper-{next(NUMBERS)}")
    sale = {
        "channel": "store-1",
        "purchase_id": key(),
        "member_id": lin.member_id,
        "paid": {"amount": yuan * 100, "currency": "cny"},
    }
    told(nobody.till("store-1").post("/purchases", sale), 201)
    return lin


def marketing(nobody: Client) -> Client:
    return nobody.person("desk", "marketing")


def support(nobody: Client) -> Client:
    return nobody.person("help", "support")


def reward(nobody: Client, *, points: int = 100, **stock: object) -> str:
    """Return the id of a new reward."""
    body = {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": points}],
        "stock": stock,
    }
    return str(told(marketing(nobody).post("/admin/rewards", body, key=key()), 201)["id"])


def ordered(lin: Client, reward_id: str, *, quantity: int = 1) -> Json:
    body = {"reward_id": reward_id, "quantity": quantity}
    return told(lin.post("/orders", body, key=key()), 201)


def stock_of(nobody: Client, reward_id: str) -> tuple[int, int, int, int]:
    """Return a reward's units: made, free, taken, withdrawn."""
    units = told(marketing(nobody).get(f"/admin/rewards/{reward_id}/stock"))
    return units["made"], units["free"], units["taken"], units["withdrawn"]


def advance(nobody: Client, by: str) -> None:
    told(nobody.ask("/clock", {"advance": by}))


def review_above(nobody: Client, yuan: int | None) -> None:
    """Let orders of more than so many yuan wait for a look; None ends that."""
    desk = marketing(nobody)
    document = desk.get("/admin/program")
    worth = None if yuan is None else {"amount": yuan * 100, "currency": "cny"}
    review = None if worth is None else {"redemptions_per_hour": None, "worth": worth}
    body = document.json() | {"review": review}
    told(desk.put("/admin/program", body, If_Match=document.headers["etag"]))


def console(shop: StackProcess, *arguments: str) -> str:
    """Run the console on the stack, and return what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "infra.console", "--state", str(shop.home), *arguments],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def test_a_drop_is_numbered_sells_out_and_sells_again_what_came_back(nobody: Client) -> None:
    drop = reward(nobody, mode="numbered", units=3)
    lin, zhou = shopper(nobody), shopper(nobody)
    first = ordered(lin, drop, quantity=2)
    assert len(set(first["numbers"])) == 2
    assert set(first["numbers"]) <= {1, 2, 3}
    refused = told(zhou.post("/orders", {"reward_id": drop, "quantity": 2}, key=key()), 409)
    assert (refused["code"], refused["left"]) == ("sold_out", 1)
    (last,) = ordered(zhou, drop)["numbers"]
    assert {last, *first["numbers"]} == {1, 2, 3}
    assert stock_of(nobody, drop) == (3, 0, 3, 0)
    told(lin.post(f"/orders/{first['id']}/cancel", key=key()))
    # For two seconds the other process may remember that nothing was left.
    wish = {"reward_id": drop, "quantity": 2}
    until(lambda: zhou.post("/orders", wish, key="wish").status_code == 201)
    assert zhou.post("/orders", wish, key="wish").json()["numbers"] == sorted(first["numbers"])


def test_codes_are_imported_sold_shown_to_their_owner_and_never_sold_again(
    shop: StackProcess, nobody: Client
) -> None:
    desk, pool = marketing(nobody), reward(nobody, mode="coded")
    path = f"/admin/rewards/{pool}/codes"
    csv = "\r\n".join(["code", *CODES, CODES[0], ""])
    begun = told(desk.post(path, {"csv": csv}, key=key()), 201)
    assert (begun["state"], begun["valid"]) == ("previewed", 3)
    assert begun["problems"] == [{"line": 5, "problem": "duplicate", "of_line": 2}]
    assert told(desk.post(f"{path}/{begun['id']}/execute"))["state"] == "done"
    assert told(desk.get(f"{path}/{begun['id']}"))["imported"] == 3
    lin, zhou = shopper(nobody), shopper(nobody)
    order = ordered(lin, pool, quantity=2)
    place = f"/orders/{order['id']}"
    shown = told(lin.post(f"{place}/codes"))["codes"]
    assert len(set(shown) & set(CODES)) == 2
    assert told(lin.post(f"{place}/codes"))["codes"] == shown
    assert told(zhou.post(f"{place}/codes"), 404)["code"] == "not_found"
    refused = told(lin.post(f"{place}/cancel", key=key()), 409)
    assert (refused["code"], refused["reason"]) == ("order_not_cancellable", "codes_fetched")
    body = {"quantity": 1, "restock": True}
    told(support(nobody).post(f"{place}/refunds", body, key=key()), 201)
    assert told(lin.get(place))["status"] == "partly_refunded"
    assert told(lin.post(f"{place}/codes"))["codes"] == shown[:1]
    assert stock_of(nobody, pool) == (3, 1, 1, 1)
    assert not any(code in shop.said() for code in CODES)


def test_an_order_is_cancelled_for_half_an_hour_and_gives_everything_back(nobody: Client) -> None:
    mug, lin = reward(nobody, mode="counted", units=5), shopper(nobody)
    before = told(lin.get("/me/wallet"))
    order, kept = ordered(lin, mug, quantity=2), ordered(lin, mug)
    advance(nobody, "PT29M")
    spent = key()
    cancelled = lin.post(f"/orders/{order['id']}/cancel", key=spent)
    assert told(cancelled)["status"] == "cancelled"
    again = lin.post(f"/orders/{order['id']}/cancel", key=spent)
    assert (again.json(), again.headers["idempotency-replayed"]) == (cancelled.json(), "true")
    assert stock_of(nobody, mug) == (5, 4, 1, 0)
    advance(nobody, "PT2M")
    refused = told(lin.post(f"/orders/{kept['id']}/cancel", key=key()), 409)
    assert (refused["code"], refused["reason"]) == ("order_not_cancellable", "too_late")
    told(support(nobody).post(f"/orders/{kept['id']}/refunds", {"restock": True}, key=key()), 201)
    assert told(lin.get("/me/wallet")) == before
    assert stock_of(nobody, mug) == (5, 5, 0, 0)


def test_support_refunds_by_quantity_and_what_is_not_restocked_stays_sold(nobody: Client) -> None:
    mug, lin = reward(nobody, mode="counted", units=5), shopper(nobody)
    order, desk = ordered(lin, mug, quantity=3), support(nobody)
    path = f"/orders/{order['id']}/refunds"
    told(desk.post(path, {"quantity": 1}, key=key()), 201)
    assert stock_of(nobody, mug) == (5, 2, 3, 0)
    told(desk.post(path, {"quantity": 1, "restock": True}, key=key()), 201)
    assert stock_of(nobody, mug) == (5, 3, 2, 0)
    assert told(desk.post(path, {"quantity": 2}, key=key()), 422)["code"] == "refund_exceeds_order"
    found = told(lin.get(f"/orders/{order['id']}"))
    assert found["returned"] == {
        "quantity": 2,
        "points": 200,
        "debt_paid": 0,
        "expired": 0,
        "cash": None,
    }


def test_an_order_in_review_is_approved_or_ends_by_the_job(nobody: Client) -> None:
    hat, lin = reward(nobody, points=400, mode="counted", units=5), shopper(nobody)
    review_above(nobody, 3)
    try:
        first, late = ordered(lin, hat), ordered(lin, hat)
    finally:
        review_above(nobody, None)
    assert (first["status"], late["status"]) == ("in_review", "in_review")
    assert told(lin.get("/me/wallet"))["held"] == 800
    verdict = {"decision": "approve", "reason": "She called."}
    told(support(nobody).post(f"/orders/{first['id']}/review", verdict, key=key()))
    job = f"{nobody.control}/jobs/order-deadlines"
    told(nobody.http.post(job))
    assert told(lin.get("/me/wallet"))["held"] == 400
    advance(nobody, "P3D")
    told(nobody.http.post(job))
    wallet = told(lin.get("/me/wallet"))
    assert (wallet["held"], wallet["available"]) == (0, 600)
    statuses = {order["id"]: order["status"] for order in told(lin.get("/orders"))["items"]}
    assert statuses == {first["id"]: "settled", late["id"]: "cancelled"}
    assert stock_of(nobody, hat) == (5, 4, 1, 0)


def test_a_guests_purchase_is_claimed_once_and_refunded_before_and_after(nobody: Client) -> None:
    till, lin = nobody.till("store-1"), shopper(nobody, yuan=1)
    name = key()
    sale = {
        "channel": "store-1",
        "purchase_id": name,
        "member_id": None,
        "paid": {"amount": 20_000, "currency": "cny"},
    }
    sold = told(till.post("/purchases", sale), 201)
    path = f"/purchases/store-1/{name}/refunds"
    before = told(till.post(path, {"refund_id": "r-1", "amount": 5_000}), 201)
    assert before == {"points_clawed_back": 50, "debt": 0}
    claim = {"claim_code": sold["claim_code"].lower()}
    claimed = told(lin.post("/me/claims", claim, key=key()), 201)
    assert claimed["points"] == 150
    other = told(shopper(nobody).post("/me/claims", claim, key=key()), 409)
    assert other["code"] == "already_claimed"
    after = told(till.post(path, {"refund_id": "r-2", "amount": 5_000}), 201)
    assert after == {"points_clawed_back": 50, "debt": 0}
    assert told(lin.get("/me/wallet"))["available"] == 1 + 100


def test_a_debt_stops_spending_until_the_console_corrects_it(
    shop: StackProcess, nobody: Client
) -> None:
    lin, mug = shopper(nobody, yuan=1), reward(nobody, points=5, mode="unlimited")
    why = ("--reason", "Counted twice.")
    assert "10 owed" in console(shop, "adjust", lin.member_id, *why, "--", "-11")
    refused = told(lin.post("/orders", {"reward_id": mug}, key=key()), 422)
    assert refused["code"] == "debt_open"
    assert "5 points available" in console(shop, "adjust", lin.member_id, "15", *why)
    assert ordered(lin, mug)["status"] == "settled"


def test_after_all_that_the_books_are_whole(shop: StackProcess, nobody: Client) -> None:
    order = ordered(shopper(nobody), reward(nobody, mode="unlimited"))
    assert order["status"] == "settled"
    assert "0 fault(s)" in console(shop, "verify")
