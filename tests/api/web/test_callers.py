"""Who may call, with which key, in which order that is checked, and what nobody can call."""

from __future__ import annotations

import json

import pytest

from chalicelib.web.bodies import BODY_BYTES_MAX
from tests.api.web.small_house import NOON, Small, is_problem
from tests.events import ADMIN, CHANNEL, MARKETING, MEMBER, SUPPORT, Api, a_caller, an_event, call

GOOD = {"thing": "tea"}


def test_a_good_call_reaches_its_view_with_everything_it_needs(api: Api, small: Small) -> None:
    reply = api.post("/orders", GOOD, key="k-1")
    seen = small.last()
    assert (reply.status, reply.json) == (201, {"text": "tea"})
    assert (seen.body.thing, seen.body.quantity) == ("tea", 1)
    assert (seen.key, seen.route, seen.work.now) == ("k-1", "POST /v1/orders", NOON)
    assert (seen.identity, seen.language, seen.if_match) == (MEMBER, "en", 0)


def test_every_answer_carries_the_request_id_and_is_not_kept_or_guessed_at(api: Api) -> None:
    for reply in (api.get("/me"), api.get("/nowhere"), api.by(None).get("/me")):
        assert reply.headers["x-request-id"] == "req-1"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"


# Keys.


def test_a_call_that_moves_something_needs_a_key(api: Api) -> None:
    assert is_problem(api.post("/orders", GOOD), 400, "idempotency_key_required")


@pytest.mark.parametrize("key", ["", " ", "a b", "a.b", "é", "k\n", "k" * 65])
def test_a_key_has_1_to_64_letters_digits_hyphens_or_underscores(api: Api, key: str) -> None:
    assert is_problem(api.post("/orders", GOOD, key=key), 400, "idempotency_key_invalid")


@pytest.mark.parametrize("key", ["k", "k" * 64, "aZ09_-"])
def test_a_key_at_the_limit_passes(api: Api, key: str) -> None:
    assert api.post("/orders", GOOD, key=key).status == 201


# Who may call.


def test_without_a_token_a_member_route_says_sign_in(api: Api) -> None:
    reply = api.by(None).get("/me")
    assert is_problem(reply, 401, "unauthenticated")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_an_authorizer_that_handed_on_no_subject_let_nobody_through(small: Small) -> None:
    event = an_event(small.app, "GET", "/v1/me")
    event["requestContext"]["authorizer"] = {"principalId": "mall", "roles": "member"}
    assert json.loads(small.app(event, None)["body"])["code"] == "unauthenticated"


def test_a_role_that_the_route_does_not_name_is_forbidden(api: Api) -> None:
    for caller in (a_caller(), CHANNEL, MARKETING, ADMIN, a_caller("partner:acme")):
        assert is_problem(api.by(caller).get("/me"), 403, "forbidden")


def test_admin_passes_where_an_operator_does(api: Api) -> None:
    body = {"name": {"zh": "茶", "en": "tea"}}
    for caller in (ADMIN, MARKETING, SUPPORT):
        reply = api.by(caller).put("/admin/name", body, headers={"If-Match": '"1"'})
        assert reply.status == 200
    assert is_problem(api.by(MEMBER).put("/admin/name", body), 403, "forbidden")


def test_any_partner_passes_where_partners_do(api: Api) -> None:
    assert api.by(a_caller("partner:acme")).post("/desk").status == 200
    for caller in (a_caller("partner"), a_caller("partners:x"), ADMIN):
        assert is_problem(api.by(caller).post("/desk"), 403, "forbidden")


def test_a_public_route_asks_nobody(api: Api) -> None:
    assert api.by(None).get("/open").status == 200


# The order of checks.


@pytest.mark.parametrize(
    ("repaired", "code"),
    [
        (0, "too_large"),
        (1, "unauthenticated"),
        (2, "forbidden"),
        (3, "unsupported_media_type"),
        (4, "idempotency_key_required"),
        (5, "malformed"),
        (6, "invalid"),
        (7, ""),
    ],
)
def test_checks_come_in_one_order(small: Small, repaired: int, code: str) -> None:
    bodies = ["[" * (BODY_BYTES_MAX + 1), "[", '{"thing": 1}', '{"thing": "tea"}']
    callers = [None, a_caller("channel"), MEMBER]
    headers = {"Content-Type": "application/json" if repaired > 3 else "text/plain"}
    if repaired > 4:
        headers["Idempotency-Key"] = "k-1"
    body = bodies[min(repaired, 1) + (repaired > 5) + (repaired > 6)]
    caller = callers[min(max(repaired - 1, 0), 2)]
    reply = call(small.app, "POST", "/v1/orders", body=body, caller=caller, headers=headers)
    assert reply.code == code


# Routes that do not exist.


def test_an_unknown_path_is_a_problem(api: Api) -> None:
    assert is_problem(api.get("/nowhere"), 404, "not_found")
    assert is_problem(call(api.app, "GET", "/"), 404, "not_found")


def test_an_unknown_method_is_a_problem_that_lists_the_others(api: Api) -> None:
    reply = api.call("DELETE", "/me")
    assert is_problem(reply, 405, "method_not_allowed")
    assert reply.headers["allow"] == "GET, HEAD, POST"
    assert api.call("OPTIONS", "/orders").headers["allow"] == "POST"


def test_asking_for_what_does_not_exist_adds_no_routes(api: Api) -> None:
    before = dict(api.app.routes)
    api.get("/nowhere")
    assert dict(api.app.routes) == before


def test_an_event_without_anything_in_it_is_not_found(small: Small) -> None:
    assert json.loads(small.app({}, None)["body"])["code"] == "not_found"


def test_head_answers_like_get_without_the_body(api: Api) -> None:
    got, head = api.get("/page"), api.call("HEAD", "/page")
    assert (head.status, head.headers, head.text) == (200, got.headers, "")
    assert api.call("HEAD", "/nowhere").status == 404
