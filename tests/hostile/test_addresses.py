"""What is sent beside the body: names in the path, queries, keys, cursors.

An id that is no id names nothing: 404, whatever the operation, with nothing written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from chalicelib.web.bodies import ERRORS_MAX
from tests.events import Api, Reply
from tests.hostile import contract, values
from tests.hostile.contract import Operation
from tests.hostile.stage import Stage
from tests.mall import made

ALL: Final = contract.operations()
NAMED: Final = [operation for operation in ALL if operation.parameters("path")]
LISTS: Final = [
    operation
    for operation in ALL
    if any(told["name"] == "cursor" for told in operation.parameters("query"))
]
CHANNELS_TOO: Final = {"channel": [(403, "forbidden")]}
"""A till names its own channel; any other word in its place is not its own."""
NOT_FOUND: Final = (404, "not_found")
EDITS: Final = {
    f"PUT /v1/admin/{what}/{{id}}": [(422, "invalid")] for what in ("campaigns", "rewards")
}
"""Its body names what was read, and contradicts any other address."""
ANSWER_BYTES_MAX: Final = 4096
"""No refusal of a query is longer, whatever was asked."""

NO_LIMITS: Final = (
    *("", "0", "-1", "101", "1.0", "1e1", "+1", " 1", "0x1", "\u0663", "\uff11", "9" * 400),
)
OTHERS: Final = [*values.IDS, *values.MEMBERS_OF_OTHERS]


def test_a_name_that_is_no_name_is_not_found(stage: Stage) -> None:
    for operation in NAMED:
        stage.prepare(operation)
        with stage.untouched() as untouched:
            for name, there in stage.parameters(operation).items():
                told = {NOT_FOUND, *CHANNELS_TOO.get(name, ()), *EDITS.get(operation.route, ())}
                for given in (*OTHERS, *(there + end for end in values.ENDS), there[:-1]):
                    reply = stage.send(operation, path=stage.address(operation, **{name: given}))
                    about = (operation.route, name, given[:60], reply.text[:300])
                    assert (reply.status, reply.code) in told, about
        assert untouched(), operation.route


def test_another_member_s_order_is_not_found_by_any_operation(stage: Stage) -> None:
    zhou = stage.mall.member("zhou", points=10)
    body = {"reward_id": stage.names["rwd"]}
    order = made(zhou.post("/orders", body, key="zhou"), 201)["id"]
    tried = 0
    with stage.untouched() as untouched:
        for operation in NAMED:
            is_order = operation.parameters("path")[0]["example"].startswith("ord_")
            if not is_order or operation.roles != ["member"]:
                continue
            reply = stage.send(operation, path=stage.address(operation, id=order))
            assert (reply.status, reply.code) == (404, "not_found"), operation.route
            tried += 1
    assert tried
    assert untouched()


def test_a_query_that_no_route_takes_is_refused_and_briefly(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in [*LISTS, *ALL[::5]]:
            names = [told["name"] for told in operation.parameters("query")]
            for name, query in values.QUERIES.items():
                asked = query.replace("{0}", names[0] if names else "limit")
                reply = stage.send(operation, query=asked)
                about = (operation.route, name, reply.text[:300])
                assert (reply.status, reply.code) == (422, "invalid"), about
                assert 1 <= len(reply.pointers()) <= ERRORS_MAX, about
                assert len(reply.text.encode()) <= ANSWER_BYTES_MAX or name == "long", about
    assert untouched()


def test_a_hostile_value_of_a_query_is_refused_or_finds_nothing(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in ALL:
            for told in operation.parameters("query"):
                for name, text in values.TEXTS.items():
                    query = f"{told['name']}={quote(text, safe='')}"
                    reply = stage.send(operation, query=query)
                    about = (operation.route, query[:80], name, reply.text[:300])
                    if reply.status == 200:
                        assert reply.json["items"] == [], about
                    else:
                        assert (reply.status, reply.code) == (422, "invalid"), about
                        assert reply.pointers() == [f"/{told['name']}"], about
    assert untouched()


def test_a_limit_is_a_plain_number_from_1_to_100(stage: Stage) -> None:
    for operation in LISTS:
        for written in NO_LIMITS:
            reply = stage.send(operation, query=f"limit={quote(written)}")
            told = (reply.status, reply.pointers())
            assert told == (422, ["/limit"]), (operation.route, written)


def test_a_key_that_is_no_key_is_refused_by_every_operation_that_takes_one(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in ALL:
            if "idempotency_key_invalid" not in operation.codes():
                continue
            for key in values.KEYS:
                reply = stage.send(operation, headers={"Idempotency-Key": key})
                about = (operation.route, key)
                assert (reply.status, reply.code) == (400, "idempotency_key_invalid"), about
    assert untouched()


def test_a_key_of_64_characters_is_taken_by_every_operation_that_takes_one(stage: Stage) -> None:
    for operation in ALL:
        if "idempotency_key_invalid" not in operation.codes():
            continue
        stage.prepare(operation)
        key = f"{next(stage.numbers):064}"
        reply = stage.send(operation, headers={"Idempotency-Key": key})
        assert not reply.code.startswith("idempotency_key"), (operation.route, reply.text)


def test_a_cursor_with_any_character_changed_is_refused(stage: Stage) -> None:
    for operation in LISTS:
        cursor = a_cursor(stage, operation)
        for altered in altered_cursors(cursor):
            reply = stage.send(operation, query=f"cursor={quote(altered)}")
            assert is_no_cursor(reply), (operation.route, cursor, altered)


def altered_cursors(cursor: str) -> Iterator[str]:
    """Yield cursors that nobody gave out: each character changed, some lost, some added."""
    for place, character in enumerate(cursor):
        for other in {"A", "_", chr(ord(character) ^ 1)} - {character}:
            yield f"{cursor[:place]}{other}{cursor[place + 1 :]}"
    yield from (cursor[1:], cursor[:-1], cursor * 2, cursor[::-1], f"{cursor}A", f"{cursor}==")


def a_cursor(stage: Stage, operation: Operation) -> str:
    """Return the cursor of a list's second page, or of another list where there is none."""
    fill(stage, operation)
    reply = stage.send(operation, query="limit=1")
    assert reply.status == 200, reply.text
    if reply["next_cursor"] is not None:
        return str(reply["next_cursor"])
    found = Api(stage.mall.app).get("/catalog?limit=1")["next_cursor"]
    assert is_no_cursor(stage.send(operation, query=f"cursor={found}")), "a list has its own"
    return str(found)


def fill(stage: Stage, operation: Operation) -> None:
    """Give a list more than one page."""
    stage.prepare(operation)
    stage.order()
    for _ in range(2):
        stage.mall.reward(1)
    if operation.path.endswith("/codes"):
        path = stage.address(operation)
        body = {"csv": "CODE-0003\n"}
        made(stage.mall.marketing.post(path, body, key=stage.key()), 201)


def is_no_cursor(reply: Reply) -> bool:
    return (reply.status, reply.code, reply.pointers()) == (422, "invalid", ["/cursor"])


def test_every_operation_answers_json_alone_whatever_is_accepted(stage: Stage) -> None:
    for operation in ALL:
        stage.prepare(operation)
        for accept in ("text/html", "application/xml", "*/*;q=0", "\u8336", "a" * 5_000):
            headers = {"Accept": accept, "Accept-Language": f"{accept}, de;q=9, *;q=x"}
            reply = stage.send(operation, headers=headers)
            assert reply.status < 500, (operation.route, reply.text)
            assert "json" in reply.headers["content-type"], operation.route
            assert json.loads(reply.text) is not None
