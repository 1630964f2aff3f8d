"""What leaves the house: answers, problems, lines in the log, never mixed up."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chalicelib.kernel.errors import Contended, InvalidFields, NotEnrolled, Refusal, TooMany
from chalicelib.web import health
from chalicelib.web.calls import Answer
from chalicelib.web.house import House
from tests.api.web.small_house import Seen, Small, a_small_house, is_problem
from tests.events import Api, a_caller

GOOD = {"thing": "tea"}


# Answers.


def test_an_answer_may_differ_from_what_was_declared(api: Api, small: Small) -> None:
    small.answer = Answer(Seen(text="again"), status=200, replayed=True, headers={"Location": "/x"})
    reply = api.post("/orders", GOOD, key="k-1")
    assert (reply.status, reply["text"]) == (200, "again")
    assert reply.headers["idempotency-replayed"] == "true"
    assert reply.headers["location"] == "/x"


def test_a_fingerprint_is_of_method_path_and_body_with_defaults(api: Api, small: Small) -> None:
    def of(path: str, body: object) -> bytes:
        api.post(path, body, key="k-1")
        return bytes(small.last().fingerprint)

    plain = of("/orders", {"thing": "tea"})
    stored = b'["POST","/v1/orders",{"quantity":1,"tags":[],"thing":"tea"}]'
    assert plain == hashlib.sha256(stored).digest()
    assert of("/orders", '{ "quantity": 1, "thing": "\\u0074ea", "paid": null }') == plain
    assert of("/orders", {"thing": "tea", "quantity": 2}) != plain
    one, two = of("/things/1/cancel", None), of("/things/2/cancel", None)
    assert one != two
    assert of("/things/%31/cancel", {}) == one


# When something goes wrong.


def test_an_exception_nobody_expected_says_nothing_of_itself(
    api: Api, small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    def raising() -> Exception:
        error = KeyError("Li Lei, 13800000000")
        error.__cause__ = ValueError("Li Lei, 13800000000")
        return error

    small.raising = raising
    reply = api.get("/raise")
    assert is_problem(reply, 500, "internal")
    assert "KeyError" not in reply.text
    failure, request = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (failure["level"], failure["error"]) == ("ERROR", "KeyError")
    assert failure["causes"] == ["ValueError"]
    assert failure["request_id"] == request["request_id"] == "req-1"
    assert any("small_house.py" in place for place in failure["places"])
    assert "Li Lei" not in json.dumps([failure, request])


def test_a_recursion_without_end_is_a_problem_too(api: Api, small: Small) -> None:
    small.raising = RecursionError
    assert is_problem(api.get("/raise"), 500, "internal")


def test_an_answer_that_cannot_be_written_is_a_problem(api: Api) -> None:
    assert is_problem(api.get("/opaque"), 500, "internal")


def test_a_refusal_that_lacks_its_facts_is_a_bug_and_told_as_one(api: Api, small: Small) -> None:
    small.raising = TooMany
    assert is_problem(api.get("/raise"), 500, "internal")


def test_facts_become_members_and_cannot_hide_the_standing_ones(api: Api, small: Small) -> None:
    small.raising = lambda: Contended(left=3, status="fine", retry_after_seconds=7)
    reply = api.get("/raise")
    assert is_problem(reply, 503, "contended")
    assert reply["left"] == 3
    assert reply.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (NotEnrolled(), 404),
        (InvalidFields.at("/x", "no", zh="否"), 422),
        (TooMany(retry_after_seconds=9), 429),
    ],
)
def test_a_refusal_of_the_use_case_gets_the_status_of_its_kind(
    api: Api, small: Small, refusal: Refusal, status: int
) -> None:
    small.raising = lambda: refusal
    assert is_problem(api.get("/raise"), status, refusal.code)


def test_a_detail_is_told_in_the_callers_language(api: Api) -> None:
    for header, language in (("en", "en"), ("zh-Hans", "zh-CN"), ("fr", "zh-CN"), ("", "zh-CN")):
        reply = api.get("/nowhere", headers={"Accept-Language": header})
        assert reply.headers["content-language"] == language
        assert (reply["detail"] == "没有找到对应的内容。") is (language == "zh-CN")
        assert reply["title"] == "Not found"


# The log.


def test_a_request_is_one_line_that_names_nobody(
    api: Api, small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    small.answer = Answer(Seen(text="x"), about={"order_id": "ord_1"})
    api.post("/orders", {"thing": "secret"}, key="k-secret")
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told.pop("duration_ms") >= 0
    assert told.pop("timestamp")
    assert told == {
        "level": "INFO",
        "message": "request",
        "service": "jifen",
        "request_id": "req-1",
        "route": "POST /v1/orders",
        "status": 201,
        "order_id": "ord_1",
    }


def test_a_refused_request_tells_its_code_and_an_unknown_path_is_not_told(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    api.get("/nowhere/13800000000")
    told = json.loads(capsys.readouterr().out)
    assert (told["route"], told["status"], told["code"]) == ("none", 404, "not_found")
    assert "13800000000" not in json.dumps(told)


# Threads.


def test_threads_do_not_mix_up_their_requests(small: Small) -> None:
    small.gate = Barrier(8)

    def ask(number: int) -> bool:
        subject = f"sub-{number}"
        reply = Api(small.app, a_caller("member", subject=subject)).get("/me")
        return bool(reply["text"] == subject)

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert all(pool.map(ask, range(160)))


def test_a_prepared_house_has_built_every_model_before_its_first_request() -> None:
    app = a_small_house().app
    declared = {
        model
        for endpoint in app.endpoints()
        for model in (endpoint.operation.body, endpoint.operation.query, endpoint.operation.answer)
        if model is not None
    }
    app.prepare()
    assert all(model.__pydantic_complete__ for model in declared)


def test_two_houses_may_share_one_set_of_routes() -> None:
    one, two = House(), House()
    for app in (one, two):
        app.register_blueprint(health.routes)
        assert Api(app).get("/health").json == {"status": "ok"}
    assert [endpoint.route for endpoint in two.endpoints()] == ["GET /v1/health"]
