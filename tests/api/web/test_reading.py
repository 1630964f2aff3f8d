"""Paths, queries, lists and cursors, versions and copies."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from chalicelib.web.calls import Cache
from tests.api.web.small_house import Small, is_problem
from tests.events import MARKETING, Api, a_caller

GOOD = {"thing": "tea"}


# Paths and queries.


def test_path_parameters_arrive_decoded_once(api: Api, small: Small) -> None:
    reply = api.get("/things/a%2Fb%20%C3%A9+c/parts/%2541")
    assert reply["text"] == "a/b é+c %41"
    assert small.last().route == "GET /v1/things/{id}/parts/{part}"


@pytest.mark.parametrize("value", ["%ff", "%c3%28", "%ed%a0%80"])
def test_a_path_parameter_that_is_no_text_names_nothing(api: Api, value: str) -> None:
    assert is_problem(api.get(f"/things/{value}/parts/x"), 404, "not_found")


def test_queries_are_read(api: Api) -> None:
    reply = api.get("/open?count=7&affordable=true&word=a%20b")
    assert reply["text"] == "7 True a b"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("colour=red", "/colour"),
        ("count=x", "/count"),
        ("count=", "/count"),
        ("count=1.0", "/count"),
        ("count=%205", "/count"),
        ("count=%2B5", "/count"),
        ("count=1_0", "/count"),
        ("count=05", "/count"),
        ("count=1&count=2", "/count"),
        ("affordable=yes", "/affordable"),
        ("affordable=1", "/affordable"),
        ("affordable=", "/affordable"),
    ],
)
def test_an_unknown_or_wrong_query_parameter_is_refused(api: Api, query: str, pointer: str) -> None:
    reply = api.get(f"/open?{query}")
    assert is_problem(reply, 422, "invalid")
    assert reply.pointers() == [pointer]
    assert "Value error" not in reply.text


def test_a_post_refuses_query_parameters_too(api: Api) -> None:
    assert api.post("/orders?dry_run=true", GOOD, key="k-1").pointers() == ["/dry_run"]


# Lists.


def test_pages_lead_through_a_list_without_gap_or_overlap(api: Api) -> None:
    seen: list[int] = []
    further = ""
    while True:
        reply = api.get(f"/numbers?limit=40{further}")
        seen += [item["number"] for item in reply["items"]]
        if reply["next_cursor"] is None:
            break
        further = f"&cursor={reply['next_cursor']}"
    assert seen == list(range(150))


def test_a_page_has_20_items_unless_asked_for_1_to_100(api: Api) -> None:
    assert len(api.get("/numbers")["items"]) == 20
    assert len(api.get("/numbers?limit=1")["items"]) == 1
    assert len(api.get("/numbers?limit=100")["items"]) == 100
    for limit in ("0", "101", "-1"):
        assert api.get(f"/numbers?limit={limit}").pointers() == ["/limit"]


def test_a_cursor_keeps_its_place_when_the_limit_changes(api: Api) -> None:
    cursor = api.get("/numbers?limit=10")["next_cursor"]
    assert api.get(f"/numbers?limit=3&cursor={cursor}")["items"][0] == {"number": 10}


def test_a_cursor_is_worth_nothing_elsewhere_to_somebody_else_or_when_changed(api: Api) -> None:
    cursor = api.get("/numbers")["next_cursor"]
    other = api.by(a_caller("member", subject="sub-2"))
    assert other.get(f"/numbers?cursor={cursor}").pointers() == ["/cursor"]
    assert api.get(f"/counts?cursor={cursor}").pointers() == ["/cursor"]
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for wrong in (changed, "x", "", "%E8%8C%B6", "A" * 513):
        reply = api.get(f"/numbers?cursor={wrong}")
        assert is_problem(reply, 422, "invalid")
        assert reply.pointers() == ["/cursor"]


def test_what_is_wrong_with_a_query_is_told_in_the_language_of_the_caller(api: Api) -> None:
    told = {
        (path, language): api.get(path, headers={"Accept-Language": language})["errors"]
        for path in ("/numbers?cursor=x", "/open?count=1&count=2")
        for language in ("zh-CN", "en")
    }
    assert told == {
        ("/numbers?cursor=x", "zh-CN"): [{"pointer": "/cursor", "detail": "不是本列表的游标"}],
        ("/numbers?cursor=x", "en"): [
            {"pointer": "/cursor", "detail": "not a cursor of this list"}
        ],
        ("/open?count=1&count=2", "zh-CN"): [{"pointer": "/count", "detail": "重复给出"}],
        ("/open?count=1&count=2", "en"): [{"pointer": "/count", "detail": "given twice"}],
    }


def test_a_cursor_that_base64_reads_as_ours_is_not_ours(api: Api) -> None:
    cursor = api.get("/numbers")["next_cursor"]
    for altered in (f"!{cursor}", f"{cursor[:4]}.{cursor[4:]}", f"{cursor}=", f"{cursor}\n"):
        told = api.get(f"/numbers?cursor={quote(altered)}")
        assert (told.status, told.pointers()) == (422, ["/cursor"]), altered


# Versions and copies.


def test_a_put_without_if_match_is_told_so(api: Api) -> None:
    body = {"name": {"zh": "茶", "en": "tea"}}
    desk = api.by(MARKETING)
    assert is_problem(desk.put("/admin/name", body), 428, "if_match_required")
    assert desk.put("/admin/name", body, headers={"If-Match": "*"}).status == 428


@pytest.mark.parametrize("tag", ["3", '"x"', 'W/"3"', '"0"', '"-1"', '"03"', '"1", "2"'])
def test_an_if_match_that_we_never_gave_out_is_stale(api: Api, tag: str) -> None:
    body = {"name": {"zh": "茶", "en": "tea"}}
    reply = api.by(MARKETING).put("/admin/name", body, headers={"If-Match": tag})
    assert is_problem(reply, 412, "stale")


def test_a_version_goes_in_and_the_next_comes_out(api: Api, small: Small) -> None:
    body = {"name": {"zh": "茶", "en": "tea"}}
    reply = api.by(MARKETING).put("/admin/name", body, headers={"if-match": '"3"'})
    assert small.last().if_match == 3
    assert reply.headers["etag"] == '"4"'


def test_only_reading_is_answered_with_what_the_caller_has(api: Api) -> None:
    body = {"name": {"zh": "茶", "en": "tea"}}
    headers = {"If-Match": '"3"', "If-None-Match": "*"}
    assert api.by(MARKETING).put("/admin/name", body, headers=headers).status == 200


def test_a_page_may_be_kept_and_is_not_sent_twice(api: Api) -> None:
    first = api.get("/page")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=5"
    assert first.headers["vary"] == "Accept-Language"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = api.get("/page", headers={"If-None-Match": known})
        assert (again.status, again.text) == (304, "")
        assert again.headers["etag"] == tag
        assert "content-type" not in again.headers
    assert api.get("/page", headers={"If-None-Match": '"other"'}).status == 200


def test_two_languages_are_two_pages(api: Api) -> None:
    zh = api.get("/page", headers={"Accept-Language": "zh"})
    assert zh.headers["etag"] != api.get("/page").headers["etag"]


def test_a_private_page_is_kept_by_nobody_else() -> None:
    headers = Cache(seconds=0, private=True).headers()
    assert headers["Cache-Control"] == "private, max-age=0"
    assert headers["Vary"] == "Authorization, Accept-Language"


def test_nothing_is_kept_for_longer_than_five_seconds() -> None:
    with pytest.raises(AssertionError):
        Cache(seconds=6)
