"""Tasks: points for evidence, a few times a day, and for each piece of evidence once for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.api.test_program_and_audit import change
from tests.api.till import whole_table
from tests.events import Api, Reply
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import change_program

SHARE: Final = "Share one of our products or events"
LINK: Final = "https://example.test/posts/1"


def do(api: Api, evidence: object = LINK, *, task: str = "share", key: str = "k") -> Reply:
    """Show that a task was done."""
    return api.post(f"/me/tasks/{task}", {"evidence": evidence}, key=key)


def test_a_task_gives_its_points_and_says_why(mall: Mall) -> None:
    lin = mall.member("lin")
    reply = do(lin)
    assert reply.status == 201
    assert reply.json == {
        "points": 20,
        "explanation": [{"rule": "task", "text": f"{SHARE}: 20 points.", "points": 20}],
        "debt_paid": 0,
        "expires_on": "2028-11-30",
    }
    assert lin.get("/me/wallet")["available"] == 20
    (entry, _) = lin.get("/me/journal")["items"]
    assert (entry["reason"], entry["points"]) == ("task", 20)
    assert entry["text"] == entry["lines"][0]["text"]
    assert entry["text"] == f"Points for something that you did: {SHARE}."
    assert "example.test/posts" not in str(whole_table())
    check_all(Work(mall.clock.now()))


def test_the_same_request_again_gets_the_same_answer_also_when_the_task_is_gone(
    mall: Mall,
) -> None:
    lin = mall.member("lin")
    first = made(do(lin), 201)
    activities = mall.marketing.get("/admin/program")["activities"] | {"tasks": {}}
    change_program(mall, activities=activities)
    again = do(lin, f"  {LINK} ")
    assert (again.status, again.json) == (201, first)
    assert again.headers["idempotency-replayed"] == "true"
    assert do(lin, key="new").code == "not_found"
    assert lin.get("/me/wallet")["available"] == 20


def test_a_replay_next_month_tells_the_settings_and_the_day_of_then(mall: Mall) -> None:
    lin = mall.member("lin")
    first = made(do(lin), 201)
    mall.clock.advance(days=31)
    change_program(mall, validity_months={"basic": 12, "silver": 12, "gold": 12})
    assert do(lin).json == first
    assert first["expires_on"] == "2028-11-30"


def test_who_shows_the_same_again_learns_that_also_when_the_day_is_full(mall: Mall) -> None:
    lin = mall.member("lin")
    made(do(lin, task="review"), 201)
    assert do(lin, task="review", key="other").code == "evidence_used"
    assert do(lin, "new", task="review", key="other").code == "limit_reached"


def test_a_task_is_done_so_many_times_a_day_and_not_once_more(mall: Mall) -> None:
    lin = mall.member("lin")
    mall.clock.instant = datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)
    for number in range(3):
        made(do(lin, f"{LINK}{number}", key=f"k{number}"), 201)
    refused = do(lin, f"{LINK}3", key="k3")
    assert (refused.status, refused.code) == (422, "limit_reached")
    told = {name: refused[name] for name in ("limit", "used", "per", "resets_at")}
    resets_at = "2026-11-21T16:00:00Z"
    assert told == {"limit": 3, "used": 3, "per": "day", "resets_at": resets_at}
    # The cap is each task's own, and a new day's from midnight in the program's zone on.
    made(do(lin, LINK, task="review", key="k4"), 201)
    mall.clock.advance(seconds=1)
    made(do(lin, f"{LINK}3", key="k3"), 201)
    check_all(Work(mall.clock.now()))


def test_evidence_counts_once_for_ever_for_a_task_and_a_member(mall: Mall) -> None:
    lin, mei = mall.member("lin"), mall.member("mei")
    made(do(lin), 201)
    mall.clock.advance(days=400)
    refused = do(lin, f" {LINK}", key="other")
    assert (refused.status, refused.code) == (409, "evidence_used")
    made(do(lin, task="review", key="review"), 201)
    made(do(mei), 201)
    check_all(Work(mall.clock.now()))


def test_a_refusal_spends_neither_the_evidence_nor_the_key(mall: Mall) -> None:
    lin = mall.member("lin")
    made(do(lin, "first", task="review"), 201)
    assert do(lin, "second", task="review", key="k2").code == "limit_reached"
    mall.clock.advance(days=1)
    made(do(lin, "second", task="review", key="k2"), 201)


def test_an_unknown_task_is_not_found_whatever_it_is_called(mall: Mall) -> None:
    lin = mall.member("lin")
    for task in ("fly", "Share", "share%2F", "a" * 500):
        assert do(lin, task=task, key=f"k{len(task)}").status == 404


@pytest.mark.parametrize(
    ("evidence", "status"),
    [("", 422), ("  ", 422), ("x", 201), ("x" * 500, 201), ("x" * 501, 422), ("a\nb", 422)],
)
def test_evidence_is_some_text(mall: Mall, evidence: str, status: int) -> None:
    assert do(mall.member("lin"), evidence).status == status


def test_one_key_is_for_one_task_and_one_piece_of_evidence(mall: Mall) -> None:
    lin = mall.member("lin")
    made(do(lin), 201)
    for reply in (do(lin, "other"), do(lin, task="review")):
        assert (reply.status, reply.code) == (422, "idempotency_key_reused")


def test_tasks_are_listed_with_how_often_they_were_done_today(mall: Mall) -> None:
    lin = mall.member("lin")
    made(do(lin), 201)
    listed = made(lin.get("/me/tasks"), 200)
    assert listed == {
        "items": [
            {
                "task": "review",
                "text": "Review something that you bought",
                "points": 50,
                "per_day": 1,
                "done_today": 0,
            },
            {"task": "share", "text": SHARE, "points": 20, "per_day": 3, "done_today": 1},
        ],
        "resets_at": "2026-11-21T16:00:00Z",
    }
    mall.clock.advance(days=1)
    assert lin.get("/me/tasks")["items"][1]["done_today"] == 0


def test_a_task_has_a_sentence_in_both_languages_wherever_a_member_meets_it(mall: Mall) -> None:
    lin, chinese = mall.member("lin"), {"Accept-Language": "zh-CN"}
    activities = mall.marketing.get("/admin/program")["activities"]
    told = {"zh": "带朋友喝茶。", "en": "Bring a friend to tea."}
    plain = {"points": 5, "per_day": 1}
    tasks = {"friend": {**plain, "sentence": told}, "nap": plain}
    change_program(mall, activities={**activities, "tasks": tasks})
    # Who does not know sentences leaves them out, and does not undo them.
    change_program(mall, activities={**activities, "tasks": {"friend": plain, "nap": plain}})
    kept = mall.marketing.get("/admin/program")["activities"]["tasks"]
    assert kept == {"friend": {**plain, "sentence": told}, "nap": plain}
    listed = [lin.get("/me/tasks", headers=chinese)["items"], lin.get("/me/tasks")["items"]]
    assert [[item["text"] for item in items] for items in listed] == [
        ["带朋友喝茶。", "完成任务“nap”"],
        ["Bring a friend to tea.", "Complete the task nap"],
    ]
    (line,) = made(do(lin, task="friend"), 201)["explanation"]
    assert line["text"] == "Bring a friend to tea: 5 points."
    # The journal tells it as it was then, and so does an export.
    change_program(mall, activities={**activities, "tasks": {}})
    for path, field in (("/me/journal", "items"), ("/me/export", "journal")):
        (entry, _) = lin.get(path, headers=chinese)[field]
        assert entry["text"] == "完成任务获得积分：带朋友喝茶。"


def test_a_sentence_of_a_task_is_one_that_members_can_read(mall: Mall) -> None:
    activities = mall.marketing.get("/admin/program")["activities"]
    for wrong in ("", "  ", "\u200b", "x" * 121, "a\nb"):
        share = {"points": 5, "per_day": 1, "sentence": {"zh": "茶", "en": wrong}}
        refused = change(mall.marketing, activities={**activities, "tasks": {"share": share}})
        assert refused.pointers() == ["/activities/tasks/share/sentence/en"]
        assert "pattern" not in refused["errors"][0]["detail"]


def test_a_cap_that_was_lowered_below_what_was_done_leaves_no_room(mall: Mall) -> None:
    lin = mall.member("lin")
    for number in range(2):
        made(do(lin, f"{number}", key=f"k{number}"), 201)
    shown = mall.marketing.get("/admin/program")["activities"]
    change_program(mall, activities=shown | {"tasks": {"share": {"points": 5, "per_day": 1}}})
    assert do(lin, "2", key="k2")["used"] == 2
