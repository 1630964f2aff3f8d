"""Many clients at once against the running stack: nothing twice, nothing lost, nobody told wrong.

Each race is judged by its answers and by what the API then says of the members in it. When all are
over, the stack stops and every invariant is asked of the table that it leaves behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any, Final

import httpx
import pytest

from chalicelib.settings import settings
from chalicelib.storage.work import Work
from infra.local import engines
from infra.local.__main__ import TABLE
from infra.local.issuer import issuer_at
from infra.local.state import state_at
from tests.conftest import SETTINGS
from tests.depth import IS_WHOLE
from tests.invariants import check_all
from tests.stack.client import Client
from tests.stack.process import a_stack

RETRIES_MAX: Final = 50
"""A storm of 200 on one wallet is over long before."""
BUYERS: Final = 160 if IS_WHOLE else 60
PAID: Final = 100 if IS_WHOLE else 40
"""Redemptions that a wallet pays, of twice as many."""
TILL: Final = "store-1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the stack keeps its data."""
    return tmp_path_factory.mktemp("races")


@pytest.fixture(scope="module")
def nobody(home: Path) -> Iterator[Client]:
    """Run a stack, return a client of it, and check its books when it has stopped."""
    kind = engines.choose(None)
    with a_stack(home, ENGINE=kind, STACK_WORKERS="") as stack:
        yield stack.client()
        assert stack.stop() == 0
    with (
        engines.start(kind, state=state_at(home).engine) as engine,
        pytest.MonkeyPatch.context() as patch,
    ):
        told = SETTINGS | {"JIFEN_TABLE": TABLE} | engines.client_environment(engine.endpoint)
        for name, value in told.items():
            patch.setenv(name, value)
        settings.cache_clear()
        check_all(Work(datetime.now(UTC)))
    settings.cache_clear()


def at_once(
    call: Callable[[int], httpx.Response], number: int, *, threads: int = 0
) -> list[httpx.Response]:
    """Return the answers to calls that begin together, as many at a time as there are threads."""
    threads = threads or number
    start = Barrier(threads)

    def begin(index: int) -> httpx.Response:
        if index < threads:
            start.wait()
        return call(index)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(number)))


def until_known(call: Callable[[int], httpx.Response]) -> Callable[[int], httpx.Response]:
    """Return a call that comes back with the same request as long as it is told to."""

    def patient(index: int) -> httpx.Response:
        for _ in range(RETRIES_MAX):
            answer = call(index)
            if answer.status_code != 503:
                return answer
            assert int(answer.headers["retry-after"]) >= 1
        raise AssertionError("told to come back for ever")

    return patient


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def codes(answers: list[httpx.Response]) -> set[str]:
    return {answer.json()["code"] for answer in answers if answer.status_code >= 400}


def alike(answers: list[httpx.Response]) -> bool:
    """Tell whether all answers say the same."""
    return all(answer.json() == answers[0].json() for answer in answers)


def pay(member_id: str, yuan: int, name: str) -> dict[str, Any]:
    """Return the report of a purchase that a member made."""
    return {
        "channel": TILL,
        "purchase_id": name,
        "member_id": member_id,
        "paid": {"amount": yuan * 100, "currency": "cny"},
    }


def a_member(nobody: Client, subject: str, *, points: int) -> Client:
    """Return a member with points."""
    member = nobody.member(subject)
    report = pay(member.member_id, points, f"for-{subject}")
    assert nobody.till(TILL).post("/purchases", report).status_code == 201
    return member


def a_reward(nobody: Client, name: str, points: int, **fields: object) -> str:
    """Return the id of a new reward."""
    body = {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": points}],
        "stock": {"mode": "unlimited"},
        **fields,
    }
    answer = nobody.person("op", "marketing").post("/admin/rewards", body, key=name)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def is_intact(nobody: Client, *members: Client) -> bool:
    """Tell whether every member's journal makes the wallet."""
    desk = nobody.person("desk", "support")
    paths = (f"/admin/members/{member.member_id}/verify" for member in members)
    return all(desk.get(path).json()["intact"] for path in paths)


def test_of_all_buyers_7_get_the_7_units_and_the_others_hear_sold_out(nobody: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        buyers = list(pool.map(lambda n: a_member(nobody, f"buyer-{n}", points=10), range(BUYERS)))
    drop = a_reward(nobody, "drop", 10, stock={"mode": "counted", "units": 7})
    answers = at_once(lambda n: buyers[n].post("/orders", {"reward_id": drop}, key="drop"), BUYERS)
    assert statuses(answers) == {201: 7, 409: BUYERS - 7}
    assert codes(answers) == {"sold_out"}
    left = nobody.person("op", "marketing").get(f"/admin/rewards/{drop}/stock").json()
    assert (left["made"], left["free"], left["taken"]) == (7, 0, 7)
    assert is_intact(nobody, *buyers[:10])


def test_a_wallet_pays_half_of_the_redemptions_that_come_at_once(nobody: Client) -> None:
    lin = a_member(nobody, "storm", points=PAID)
    sticker = a_reward(nobody, "sticker", 1)

    def place(index: int) -> httpx.Response:
        return lin.post("/orders", {"reward_id": sticker}, key=f"storm-{index}")

    first = at_once(place, 2 * PAID)
    told = statuses(first)
    assert told[201] <= PAID
    assert set(told) <= {201, 422, 503}
    answers = at_once(until_known(place), 2 * PAID, threads=16)
    assert statuses(answers) == {201: PAID, 422: PAID}
    assert codes(answers) == {"insufficient_points"}
    paid = [answer for answer in first if answer.status_code == 201]
    again = [answers[first.index(answer)].json() for answer in paid]
    assert again == [answer.json() for answer in paid]
    assert lin.get("/me/wallet").json()["available"] == 0
    assert is_intact(nobody, lin)


def test_one_key_sent_thirty_times_at_once_has_one_effect_and_one_answer(nobody: Client) -> None:
    lin = a_member(nobody, "thirty", points=100)
    mug = a_reward(nobody, "thirty", 10)
    place = until_known(lambda _: lin.post("/orders", {"reward_id": mug}, key="thirty"))
    answers = at_once(place, 30)
    assert statuses(answers) == {201: 30}
    assert alike(answers)
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) >= 29
    assert lin.get("/me/wallet").json()["available"] == 90
    assert is_intact(nobody, lin)


def test_one_purchase_reported_twenty_times_at_once_earns_once(nobody: Client) -> None:
    lin, till = nobody.member("twenty"), nobody.till(TILL)
    report = pay(lin.member_id, 50, "twenty")
    answers = at_once(until_known(lambda _: till.post("/purchases", report)), 20)
    assert statuses(answers) in ({201: 1, 200: 19}, {200: 20})
    assert alike(answers)
    assert lin.get("/me/wallet").json()["available"] == 50
    assert is_intact(nobody, lin)


def test_twenty_parts_of_a_refund_at_once_take_what_one_whole_would(nobody: Client) -> None:
    lin, till = a_member(nobody, "parts", points=199), nobody.till(TILL)

    def give_back(index: int) -> httpx.Response:
        body = {"refund_id": f"part-{index}", "amount": 995}
        return till.post(f"/purchases/{TILL}/for-parts/refunds", body)

    answers = at_once(until_known(give_back), 20)
    assert set(statuses(answers)) <= {200, 201}
    assert sum(answer.json()["points_clawed_back"] for answer in answers) == 199
    wallet = lin.get("/me/wallet").json()
    assert (wallet["available"], wallet["debt"]) == (0, 0)
    assert give_back(20).json()["code"] == "refund_exceeds_purchase"
    assert is_intact(nobody, lin)


def test_thirty_enrolments_of_one_person_at_once_make_one_member(
    nobody: Client, home: Path
) -> None:
    token = issuer_at(state_at(home).key).person("newcomer", ["member"])
    newcomer = replace(nobody, token=token)
    answers = at_once(until_known(lambda _: newcomer.post("/me")), 30)
    assert statuses(answers) in ({201: 1, 200: 29}, {200: 30})
    assert alike(answers)
    till = nobody.till(TILL)
    told = at_once(until_known(lambda _: till.post("/members", {"subject": "another"})), 30)
    assert statuses(told)[201] <= 1
    assert codes(told) == {"subject_taken"}
    member_id = answers[0].json()["id"]
    assert is_intact(nobody, replace(newcomer, member_id=member_id))


@pytest.mark.parametrize("field", ["brand", "worth_points"])
def test_of_operators_with_one_etag_one_writes_and_the_others_read_again(
    nobody: Client, field: str
) -> None:
    desks = [nobody.person(f"op-{number}", "marketing") for number in range(2)]
    reward = a_reward(nobody, "etag", 10)
    path = f"/admin/rewards/{reward}" if field == "brand" else "/admin/program"
    read = desks[0].get(path)

    def change(index: int) -> httpx.Response:
        wanted = {"brand": f"Brand {index}", "worth_points": 200 + index}[field]
        body = {**read.json(), field: wanted}
        return desks[index % 2].put(path, body, If_Match=read.headers["etag"])

    answers = at_once(change, 10)
    assert statuses(answers) == {200: 1, 412: 9}
    assert codes(answers) == {"stale"}


def test_the_stack_never_broke(nobody: Client, home: Path) -> None:
    assert nobody.get("/health").status_code == 200
    log = state_at(home).log("app").read_text()
    assert '"status":500' not in log
    assert "Traceback" not in log
