"""Every field of every body with everything that has broken programs: refused or kept, never half.

Which fields there are is read from the contract. A refusal is a problem whose code the operation
declares, points at the field where the field is to blame, and leaves the table as it was.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from chalicelib.web.bodies import ERRORS_MAX
from tests.events import Reply
from tests.hostile import contract, values
from tests.hostile.contract import Field, Operation
from tests.hostile.stage import Stage
from tests.rows import everything

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
WITH_BODY: Final = [operation for operation in contract.operations() if operation.body]
READING: Final = [
    operation
    for operation in contract.operations()
    if operation.method == "GET" and operation.path.endswith("/{id}")
]
EVERY: Final = pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.route)

UNTOLD: Final = {
    "subject": "kept as the member's id alone, which is made from it",
    "evidence": "kept as a digest alone, so that it counts once",
    "device": "kept as a digest alone, so that two can be compared",
    "lines": "kept as part of what makes two reports the same, and tested with those",
    "csv": "codes are sealed; what a file says of them is tested with imports",
    "claim_code": "a code that somebody reads aloud: case, spaces and hyphens do not matter",
}
"""Fields that are not told back as they came, by their first step, and why."""
OF_NOBODY: Final = ("POST /v1/members/resolve", "POST /v1/me/claims")
"""Operations whose example names a code that nobody was given."""
WRITES_NOTHING: Final = ("/quote", "/resolve")
"""How the addresses of operations end that take a text and keep nothing."""


def is_sound(reply: Reply) -> bool:
    """Tell whether an answer is ours, whatever was asked."""
    return (
        reply.status < 500
        and reply.headers["content-type"] in {JSON, PROBLEM}
        and reply.headers["x-content-type-options"] == "nosniff"
        and "set-cookie" not in reply.headers
        and json.loads(reply.text.encode()) is not None
    )


def blames(reply: Reply, pointer: str) -> bool:
    """Tell whether a refusal points at a field, at what holds it, or at something in it."""
    told = [f"{one}/" for one in reply.pointers()]
    return any(f"{pointer}/".startswith(one) or one.startswith(f"{pointer}/") for one in told)


def is_refused_well(reply: Reply, operation: Operation, pointer: str) -> bool:
    """Tell whether a refusal is one that the operation declares, and says where."""
    if not is_sound(reply) or reply.status < 400 or reply.code not in operation.codes():
        return False
    return reply.code != "invalid" or (reply.status == 422 and blames(reply, pointer))


def strings(told: Any) -> Iterator[str]:
    """Yield every text in JSON, and in JSON within it."""
    if isinstance(told, dict):
        for name, inner in told.items():
            yield name
            yield from strings(inner)
    elif isinstance(told, list):
        for inner in told:
            yield from strings(inner)
    elif isinstance(told, str):
        yield told
        with contextlib.suppress(ValueError):
            inner = json.loads(told)
            yield from strings(inner) if isinstance(inner, dict | list) else ()


def is_kept(stage: Stage, operation: Operation, reply: Reply, *, text: str) -> bool:
    """Tell whether a text is told back, or stands in the table, byte by byte."""
    if text in strings(reply.json):
        return True
    told = (one.json for one in answers_about(stage, operation, reply) if one.status == 200)
    return any(text in strings(one) for one in told) or text in strings(everything())


def answers_about(stage: Stage, operation: Operation, reply: Reply) -> Iterator[Reply]:
    """Yield what is read of the thing that an answer is about."""
    if operation.method == "PUT":
        yield stage.caller(operation).get(stage.address(operation))
    name = str(reply.json.get("id", ""))
    for reading in READING:
        (parameter,) = reading.parameters("path")
        if parameter["example"][:4] == name[:4]:
            path = stage.address(reading, **{parameter["name"]: name})
            yield stage.caller(reading).get(path)


@EVERY
def test_a_text_is_refused_or_kept_as_it_came(stage: Stage, operation: Operation) -> None:
    takes(stage, operation)
    for field in operation.fields("string"):
        for name, text in texts_for(field).items():
            stage.prepare(operation)
            body = changed(stage, operation, field, text)
            with stage.untouched() as untouched:
                reply = stage.send(operation, body=body)
            about = (name, field.pointer, reply.text[:500])
            if reply.status >= 400:
                assert is_refused_well(reply, operation, field.pointer), about
                assert untouched(), about
            else:
                assert is_sound(reply), about
                assert not field.is_closed, about
                kept = is_untold(operation, field) or is_kept(stage, operation, reply, text=text)
                assert kept, about


def texts_for(field: Field) -> dict[str, str]:
    """Return the texts to try; of a field that takes listed words alone, some tell as much."""
    few = ("emoji", "script", "10,000 characters", "nothing")
    return {name: values.TEXTS[name] for name in few} if field.is_closed else values.TEXTS


def takes(stage: Stage, operation: Operation) -> None:
    """Check that the good request is taken; what follows would be refused for something else."""
    stage.prepare(operation)
    reply = stage.send(operation)
    assert reply.status in ({404} if operation.route in OF_NOBODY else {200, 201}), reply.text


def changed(stage: Stage, operation: Operation, field: Field, value: object) -> Any:
    """Return the good body with a value in one field."""
    schema = operation.body
    assert schema is not None
    return contract.with_field(stage.body(operation), schema, field.pointer, value)


def is_untold(operation: Operation, field: Field) -> bool:
    """Tell whether nothing has to be told back of a field."""
    return operation.path.endswith(WRITES_NOTHING) or field.pointer.split("/")[1] in UNTOLD


def spelled(stage: Stage, operation: Operation, field: Field, written: str) -> Reply:
    """Send the good body with a value written out as it is."""
    mark = "a mark that is replaced"
    body = json.dumps(changed(stage, operation, field, mark))
    return stage.send(operation, body=body.replace(json.dumps(mark), written))


def test_half_a_character_is_no_json(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in WITH_BODY:
            for field in operation.fields("string")[:1]:
                for written in values.LONE_SURROGATES:
                    reply = spelled(stage, operation, field, written)
                    about = (operation.route, field.pointer, written)
                    assert (reply.status, reply.code) == (400, "malformed"), about
    assert untouched()


def test_what_is_no_integer_is_refused_where_one_belongs(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in WITH_BODY:
            for field in operation.fields("integer"):
                for written in values.NO_INTEGERS:
                    reply = spelled(stage, operation, field, written)
                    about = (operation.route, field.pointer, written, reply.text)
                    assert (reply.status, reply.code) == (422, "invalid"), about
                    assert blames(reply, field.pointer), about
    assert untouched()


def test_an_integer_out_of_range_is_refused(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in WITH_BODY:
            for field in operation.fields("integer"):
                for number in beyond(field):
                    reply = spelled(stage, operation, field, str(number))
                    about = (operation.route, field.pointer, number, reply.text)
                    assert is_refused_well(reply, operation, field.pointer), about
    assert untouched()


def beyond(field: Field) -> list[int]:
    """Return numbers that a field does not take."""
    limits = {"maximum": 1, "minimum": -1}
    told = [field.schema[name] + step for name, step in limits.items() if name in field.schema]
    return [*values.FAR_NUMBERS, *told]


def test_an_integer_at_its_limit_breaks_nothing(stage: Stage) -> None:
    """It may be refused by a rule; it may not be half done."""
    for operation in WITH_BODY:
        for field in operation.fields("integer"):
            told = field.schema
            for number in {0, -1, told.get("minimum", 0), told.get("maximum", 1)}:
                stage.prepare(operation)
                with stage.untouched() as untouched:
                    reply = spelled(stage, operation, field, str(number))
                about = (operation.route, field.pointer, number, reply.text)
                assert is_sound(reply), about
                assert reply.status < 400 or untouched(), about


def test_a_body_that_is_no_json_is_malformed(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in WITH_BODY:
            for name, body in values.BROKEN_BODIES.items():
                reply = stage.send(operation, body=body)
                told = (reply.status, reply.code)
                assert is_sound(reply), (operation.route, name)
                assert told in {(400, "malformed"), (413, "too_large")}, (operation.route, name)
    assert untouched()


def test_json_that_is_no_such_body_is_invalid(stage: Stage) -> None:
    with stage.untouched() as untouched:
        for operation in WITH_BODY:
            for name, body in values.WRONG_BODIES.items():
                reply = stage.send(operation, body=body)
                about = (operation.route, name, reply.text[:500])
                assert is_sound(reply), about
                assert (reply.status, reply.code) == (422, "invalid"), about
                assert 1 <= len(reply.pointers()) <= ERRORS_MAX, about
    assert untouched()


def test_of_a_name_given_twice_the_last_counts(stage: Stage) -> None:
    """In both readings of a body: what is judged is what is done."""
    for operation in WITH_BODY:
        stage.prepare(operation)
        good = stage.body(operation)
        wrong = ", ".join(f'"{name}": {{"": []}}' for name in good)
        with stage.untouched() as untouched:
            reply = stage.send(operation, body=f"{json.dumps(good)[:-1]}, {wrong}}}")
        assert (reply.status, reply.code) == (422, "invalid"), (operation.route, reply.text)
        assert untouched()
        reply = stage.send(operation, body=f"{{{wrong}, {json.dumps(good)[1:]}")
        assert reply.code != "invalid", (operation.route, reply.text)
