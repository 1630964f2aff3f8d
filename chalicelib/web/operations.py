"""One operation of the OpenAPI document: parameters, answers, and every way of being refused.

A route declares the refusals of its use case; those that follow from the declaration itself
(roles, a key, If-Match, a body) are added here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.kernel.errors import (
    Contended,
    Forbidden,
    InvalidFields,
    KeyInvalid,
    KeyRequired,
    KeyReused,
    Kind,
    Malformed,
    MatchRequired,
    NotFound,
    Refusal,
    Stale,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from chalicelib.kernel.ids import KEY_PATTERN
from chalicelib.web.bodies import View
from chalicelib.web.problems import PROBLEM_TYPE, STATUS, Broken, title_of
from chalicelib.web.routes import JSON_TYPE, PREFIX, Example, Operation

SCHEMAS: Final = "#/components/schemas/"
EXAMPLES: Final = "#/components/examples/"
PARAMETER: Final = re.compile(r"\{(\w+)\}")

Json = dict[str, object]
"""A JSON object of the document: its shape is OpenAPI's, not ours."""
Names = Mapping[type[BaseModel], str]
"""What each model is called in the document."""


class FieldError(View):
    """One thing that is wrong with a request: where, and what."""

    pointer: str
    detail: str


class Problem(View):
    """Every refusal's form (RFC 9457). Facts are further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[FieldError] = Field(default_factory=list)


STANDING: Final = (InvalidFields, Unavailable, Broken)
"""What any route may say."""
SENDING: Final = (Malformed, TooLarge, UnsupportedMedia)
"""What a route that takes a body may say."""
SIGNED_IN: Final = (Unauthenticated, Forbidden)
KEYED: Final = (KeyInvalid, KeyReused, Contended)
MATCHED: Final = (MatchRequired, Stale)

ACCEPT_LANGUAGE: Final[Json] = {
    "name": "Accept-Language",
    "in": "header",
    "description": "zh-CN (the default) or en.",
    "schema": {"type": "string"},
    "example": "en",
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same key and request again get the same answer, and nothing happens twice.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN.pattern}$"},
    "example": "0d3adb33f-1",
}
IF_MATCH: Final[Json] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that was read; a document changed since then is not overwritten.",
    "schema": {"type": "string"},
    "example": '"3"',
}
IF_NONE_MATCH: Final[Json] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag that the caller has; 304 when nothing has changed.",
    "schema": {"type": "string"},
    "example": '"3"',
}


def described(operation: Operation, names: Names, *, schemas: Mapping[str, Json]) -> Json:
    """Return one operation of the document."""
    words = [word for word in re.split(r"[^a-z0-9]+", operation.path.removeprefix(PREFIX)) if word]
    told: Json = {
        "operationId": "_".join([operation.method.lower(), *words]),
        "tags": [words[0]],
        "summary": operation.summary,
        "security": [{"token": list(operation.roles)}] if operation.roles else [],
        "parameters": parameters(operation, schemas[names[operation.query]]),
        "responses": answers(operation, names) | problems(operation),
    }
    if operation.body is not None:
        told["requestBody"] = {
            "required": not may_be_left_out(operation.body),
            "content": content(names[operation.body], operation.example),
        }
    return told


def may_be_left_out(body: type[BaseModel]) -> bool:
    """Tell whether a request without a body is as good as one with nothing in it."""
    try:
        body.model_validate_json(b"{}")
    except ValidationError:
        return False
    return True


def content(name: str, example: Example) -> Json:
    """Return a JSON body's schema and example."""
    return {JSON_TYPE: {"schema": {"$ref": SCHEMAS + name}, "example": dict(example)}}


def parameters(operation: Operation, query: Json) -> list[Json]:
    """Return everything that a caller says outside the body."""
    told: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "example": operation.path_example.get(name, name),
        }
        for name in PARAMETER.findall(operation.path)
    ]
    required = cast(list[str], query.get("required", []))
    for name, schema in cast(dict[str, Json], query.get("properties", {})).items():
        place = {"name": name, "in": "query", "required": name in required}
        told.append({**place, "schema": without_null(schema)})
    asked = {
        "key": (operation.key, IDEMPOTENCY_KEY | {"required": operation.key is True}),
        "match": (operation.match, IF_MATCH),
        "read": (operation.tagged and operation.method == "GET", IF_NONE_MATCH),
    }
    return [*told, *(header for wanted, header in asked.values() if wanted), ACCEPT_LANGUAGE]


def without_null(schema: Json) -> Json:
    """Return a query parameter's schema: one that is absent is not sent, and never null."""
    branches = cast(list[Json], schema.get("anyOf", []))
    kept = [branch for branch in branches if branch != {"type": "null"}]
    if len(kept) != 1:
        return schema
    rest = {name: schema[name] for name in schema if name not in {"anyOf", "default"}}
    return rest | kept[0]


def answers(operation: Operation, names: Names) -> Json:
    """Return the answers that say yes."""
    headers: Json = {"X-Request-Id": header("Names this request in the log.")}
    if operation.tagged:
        headers["ETag"] = header("The version of what was read or written.")
    if operation.key:
        headers["Idempotency-Replayed"] = header("`true`: this was done before.")
    yes: Json = {
        "description": operation.summary,
        "headers": headers,
        "content": content(names[operation.answer], operation.answer_example),
    }
    told: Json = {str(operation.status): yes}
    if operation.status_again:
        told[str(operation.status_again)] = {**yes, "description": "It was done before."}
    if operation.tagged and operation.method == "GET":
        told["304"] = {"description": "Nothing has changed.", "headers": headers}
    return told


def problems(operation: Operation) -> Json:
    """Return the answers that say no: one for each status, with every code."""
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in dict.fromkeys(refusals_of(operation)):
        by_status.setdefault(STATUS[refusal.kind], []).append(refusal)
    return {str(status): problem(by_status[status]) for status in sorted(by_status)}


def refusals_of(operation: Operation) -> Iterable[type[Refusal]]:
    """Yield what a route may refuse: its own refusals and the standing ones."""
    sends = operation.method != "GET"
    yield from STANDING
    yield from SENDING if sends else ()
    yield from SIGNED_IN if operation.roles else ()
    yield from KEYED if operation.key else ()
    yield from (KeyRequired,) if operation.key is True else ()
    yield from MATCHED if operation.match else ()
    yield from (NotFound,) if PARAMETER.search(operation.path) else ()
    yield from operation.refusals


def problem(refusals: list[type[Refusal]]) -> Json:
    """Return the answer of one status: its codes, and an example of each."""
    told: Json = {
        "description": " ".join(f"`{refusal.code}`: {refusal.en}" for refusal in refusals),
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": f"{SCHEMAS}{Problem.__name__}"},
                "examples": {
                    refusal.code: {"$ref": EXAMPLES + refusal.code} for refusal in refusals
                },
            }
        },
    }
    if refusals[0].kind in {Kind.UNAVAILABLE, Kind.TOO_MANY}:
        told["headers"] = {"Retry-After": header("Seconds to wait.")}
    if refusals[0].kind is Kind.UNAUTHENTICATED:
        told["headers"] = {"WWW-Authenticate": header("Bearer.")}
    return told


def examples(operations: Iterable[Operation]) -> Json:
    """Return an example of every problem that some operation answers with."""
    found = {refusal for operation in operations for refusal in refusals_of(operation)}
    in_order = sorted(found, key=lambda refusal: refusal.code)
    return {refusal.code: {"value": example_of(refusal)} for refusal in in_order}


def example_of(refusal: type[Refusal]) -> Json:
    """Return a problem as a caller would see it, with an ellipsis for each fact."""
    return {
        "type": f"/problems/{refusal.code}",
        "title": title_of(refusal.code),
        "status": STATUS[refusal.kind],
        "detail": PARAMETER.sub("…", refusal.en),
        "code": refusal.code,
        "instance": "urn:jifen:request:6b1c1f0e-8f0e-4c55-9f2e-2c1d5b0a7e11",
    }


def header(description: str) -> Json:
    """Return an answer's header."""
    return {"description": description, "schema": {"type": "string"}}
