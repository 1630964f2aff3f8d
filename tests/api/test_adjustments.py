"""Corrections over the desk: small ones at once, any other by two people, each of them once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.ledger.adjustments.rules import ALONE_MAX, ALONE_OPERATOR_MAX
from chalicelib.program.audit import service as audit
from chalicelib.storage.work import Work
from tests.events import Api, Json, Reply, a_caller
from tests.invariants import check_all, snapshot
from tests.mall import Mall, id_of, made

WHY = "The parcel came broken."
ITEM = "/admin/adjustments"
MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def wanted(subject: str, points: int, **more: object) -> Json:
    return {"member_id": id_of(subject), "points": points, "reason": WHY, **more}


def ask(mall: Mall, subject: str, points: int, *, key: str = "k", **more: object) -> Reply:
    return mall.support.post(ITEM, wanted(subject, points, **more), key=key)


def available(lin: Api) -> int:
    points: int = made(lin.get("/me/wallet"), 200)["available"]
    return points


def waiting(mall: Mall, subject: str, points: int = ALONE_MAX + 1, *, key: str = "k") -> str:
    """Return where a correction waits for its second person."""
    made_up = made(ask(mall, subject, points, key=key), 201)
    assert made_up["status"] == "proposed"
    return f"{ITEM}/{made_up['id']}"


def rows(mall: Mall) -> list[tuple[str, str]]:
    """Return who did what."""
    page = audit.page(Work(mall.clock.now()), mall.clock.now().date(), limit=100, before=None)
    return [(row.by, row.what) for row in page.items if "adjust" in row.what]


@pytest.mark.parametrize("points", [1, ALONE_MAX, -ALONE_MAX])
def test_up_to_a_thousand_points_are_moved_by_one_person_at_once(mall: Mall, points: int) -> None:
    lin = mall.member("lin", points=1_000)
    told = made(ask(mall, "lin", points, evidence="ticket 17"), 201)
    assert (told["status"], told["decision"]) == ("approved", None)
    assert (told["proposed_by"], told["evidence"]) == ("op-support", "ticket 17")
    assert available(lin) == 1_000 + points
    entry = lin.get("/me/journal")["items"][0]
    assert (entry["reason"], entry["adjustment_id"]) == ("adjustment", told["id"])
    assert rows(mall) == [("op-support", "member.adjust")]
    check_all(Work(mall.clock.now()))


@pytest.mark.parametrize("points", [ALONE_MAX + 1, -ALONE_MAX - 1])
def test_beyond_a_thousand_a_second_person_approves(mall: Mall, points: int) -> None:
    lin = mall.member("lin", points=2_000)
    path = waiting(mall, "lin", points)
    assert available(lin) == 2_000
    told = made(mall.finance.post(f"{path}/approve", {"reason": "Seen."}, key="yes"), 200)
    assert told["status"] == "approved"
    assert (told["decision"]["by"], told["decision"]["reason"]) == ("op-finance", "Seen.")
    assert available(lin) == 2_000 + points
    assert sorted(rows(mall)) == [
        ("op-finance", "adjustment.approve"),
        ("op-finance", "member.adjust"),
        ("op-support", "adjustment.propose"),
    ]
    check_all(Work(mall.clock.now()))


def test_a_rejected_correction_moves_nothing(mall: Mall) -> None:
    lin = mall.member("lin")
    path = waiting(mall, "lin")
    told = made(mall.finance.post(f"{path}/reject", {"reason": "No photo."}, key="no"), 200)
    assert (told["status"], available(lin)) == ("rejected", 0)
    again = mall.finance.post(f"{path}/approve", {}, key="yes")
    assert (again.status, again.code, again["stage"]) == (409, "already_decided", "rejected")


def test_nobody_decides_about_a_proposal_of_their_own(mall: Mall) -> None:
    lin = mall.member("lin")
    both = Api(mall.app, a_caller("support", "finance", subject="op-both"))
    path = f"{ITEM}/{made(both.post(ITEM, wanted('lin', 5_000), key='k'), 201)['id']}"
    for word in ("approve", "reject"):
        reply = both.post(f"{path}/{word}", {}, key=word)
        assert (reply.status, reply.code) == (403, "self_approval")
    assert available(lin) == 0


def test_nobody_moves_points_of_their_own_account_alone(mall: Mall) -> None:
    """An operator who is a member too needs somebody else, even for one point."""
    lin = mall.member("op-support")
    path = waiting(mall, "op-support", 1)
    assert available(lin) == 0
    her = Api(mall.app, a_caller("finance", subject="op-support"))
    assert her.post(f"{path}/approve", {}, key="yes").code == "self_approval"
    assert made(mall.finance.post(f"{path}/approve", {}, key="yes"), 200)["status"] == "approved"
    assert available(lin) == 1


def test_nobody_decides_about_points_for_their_own_account(mall: Mall) -> None:
    mall.member("op-finance")
    path = waiting(mall, "op-finance")
    for word in ("approve", "reject"):
        assert mall.finance.post(f"{path}/{word}", {}, key=word).code == "self_approval"


def test_points_from_the_desk_are_good_for_as_long_as_everybodys(mall: Mall) -> None:
    """By the day on which they are given, not that on which they were asked for."""
    lin = mall.member("lin")
    made(ask(mall, "lin", 1, key="small"), 201)
    path = waiting(mall, "lin")
    mall.clock.advance(days=30)
    made(mall.finance.post(f"{path}/approve", {}, key="yes"), 200)
    lots = made(lin.get("/me/wallet"), 200)["lots"]
    given = [(lot["expires_on"], lot["points"]) for lot in lots]
    assert given == [("2028-11-30", 1), ("2028-12-31", ALONE_MAX + 1)]


def test_a_day_of_what_one_person_moves_ends_at_midnight_of_the_program(mall: Mall) -> None:
    """In Shanghai, that is at four in the afternoon of UTC, whose days do not count."""
    mall.member("lin")
    for instant, key, status in (
        (MIDNIGHT - SECOND, "last", "approved"),
        (MIDNIGHT, "first", "approved"),
        (MIDNIGHT + 9 * 3600 * SECOND, "the next day of UTC", "proposed"),
    ):
        mall.clock.instant = instant
        told = made(ask(mall, "lin", ALONE_MAX, key=key.replace(" ", "-")), 201)
        assert (told["status"], key) == (status, key)


def test_nothing_is_corrected_of_a_member_who_was_erased(mall: Mall) -> None:
    lin = mall.member("lin")
    path, other = waiting(mall, "lin"), waiting(mall, "lin", key="other")
    made(lin.delete("/me", {"confirm": True}), 200)
    for points in (1, ALONE_MAX + 1):
        assert ask(mall, "lin", points, key="late").code == "not_found"
    refused = mall.finance.post(f"{path}/approve", {}, key="yes")
    assert (refused.status, refused.code) == (409, "member_erased")
    assert made(mall.finance.get(path), 200)["status"] == "proposed"
    assert made(mall.finance.post(f"{other}/reject", {}, key="no"), 200)["status"] == "rejected"
    check_all(Work(mall.clock.now()))


def test_a_large_correction_cannot_be_split_over_a_day(mall: Mall) -> None:
    lin = mall.member("lin")
    other = Api(mall.app, a_caller("support", subject="op-other"))
    assert made(ask(mall, "lin", 600, key="a"), 201)["status"] == "approved"
    assert made(ask(mall, "lin", 400, key="b"), 201)["status"] == "approved"
    assert made(other.post(ITEM, wanted("lin", -1), key="c"), 201)["status"] == "proposed"
    mall.clock.advance(days=1)
    assert made(ask(mall, "lin", 1, key="d"), 201)["status"] == "approved"
    assert available(lin) == 1_001
    check_all(Work(mall.clock.now()))


def test_what_one_operator_moves_alone_in_a_day_is_limited_over_all_members(mall: Mall) -> None:
    for number in range(ALONE_OPERATOR_MAX // ALONE_MAX):
        mall.member(f"m-{number}")
        reply = ask(mall, f"m-{number}", ALONE_MAX, key=f"k-{number}")
        assert made(reply, 201)["status"] == "approved"
    mall.member("one-more")
    assert made(ask(mall, "one-more", 1, key="k"), 201)["status"] == "proposed"
    mall.clock.advance(days=1)
    assert made(ask(mall, "one-more", 1, key="next"), 201)["status"] == "approved"


def test_asked_again_it_answers_the_same_and_moves_nothing_more(mall: Mall) -> None:
    lin = mall.member("lin")
    first = ask(mall, "lin", 10)
    again = ask(mall, "lin", 10)
    assert (first.json, first.status) == (again.json, again.status)
    assert again.headers["idempotency-replayed"] == "true"
    assert available(lin) == 10
    assert ask(mall, "lin", 11).code == "idempotency_key_reused"


def test_a_decision_sent_again_is_answered_the_same(mall: Mall) -> None:
    lin = mall.member("lin")
    path = waiting(mall, "lin")
    first = mall.finance.post(f"{path}/approve", {}, key="yes")
    again = mall.finance.post(f"{path}/approve", {}, key="yes")
    assert (first.json, again.headers["idempotency-replayed"]) == (again.json, "true")
    assert available(lin) == ALONE_MAX + 1
    assert mall.finance.post(f"{path}/reject", {}, key="yes").code == "already_decided"
    changed = mall.finance.post(f"{path}/approve", {"reason": "Again."}, key="yes")
    assert changed.code == "idempotency_key_reused"


def test_the_desk_lists_what_waits_and_what_was_decided(mall: Mall) -> None:
    mall.member("lin")
    first = waiting(mall, "lin", 2_000, key="a")
    mall.clock.advance(seconds=1)
    second = waiting(mall, "lin", 3_000, key="b")
    made(mall.finance.post(f"{first}/reject", {}, key="no"), 200)

    def listed(query: str = "") -> list[Any]:
        page = made(mall.finance.get(f"{ITEM}{query}"), 200)
        return [f"{ITEM}/{item['id']}" for item in page["items"]]

    assert listed() == [second]
    assert listed("?status=rejected") == [first]
    assert listed("?status=approved") == []
    assert made(mall.support.get(first), 200)["status"] == "rejected"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"points": 0}, "/points"),
        ({"points": 10**12 + 1}, "/points"),
        ({"points": -(10**12) - 1}, "/points"),
        ({"reason": ""}, "/reason"),
        ({"reason": "   "}, "/reason"),
        ({"reason": "x" * 201}, "/reason"),
        ({"evidence": ""}, "/evidence"),
        ({"evidence": "x" * 201}, "/evidence"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(
    mall: Mall, body: Json, pointer: str
) -> None:
    mall.member("lin")
    before = snapshot(Work(mall.clock.now()))
    reply = mall.support.post(ITEM, wanted("lin", 5) | body, key="k")
    assert (reply.status, reply.pointers()) == (422, [pointer])
    assert snapshot(Work(mall.clock.now())) == before


def test_somebody_unknown_is_not_found(mall: Mall) -> None:
    assert ask(mall, "nobody", 5).code == "not_found"
    for path in (f"{ITEM}/adj_00000000000000000000", f"{ITEM}/x"):
        assert mall.finance.get(path).code == "not_found"
        assert mall.finance.post(f"{path}/approve", {}, key="k").code == "not_found"


def test_the_proposal_says_to_the_audit_log_what_was_asked(mall: Mall) -> None:
    mall.member("lin")
    waiting(mall, "lin", 2_000)
    page = audit.page(Work(mall.clock.now()), mall.clock.now().date(), limit=100, before=None)
    row = next(row for row in page.items if row.what == "adjustment.propose")
    after = json.loads(row.after)
    assert (after["points"], after["reason"], after["member_id"]) == (2_000, WHY, id_of("lin"))
