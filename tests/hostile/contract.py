"""Everything that can be sent, read from the OpenAPI document: a new route is covered unasked.

A field is named by the JSON pointer that a refusal of it would carry. `with_field` returns a body
that holds a value there; what the example leaves out on the way is made up from the schema.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from app import app
from chalicelib.web.openapi import document

Json = Any
Schema = Mapping[str, Any]

DEPTH_MAX: Final = 8
"""Schemas are nested four deep at most; beyond this one would refer to itself."""
ENTRY: Final = "entry"
"""The name of an entry where a schema leaves names open."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or a query parameter."""

    pointer: str
    schema: Schema

    @property
    def is_closed(self) -> bool:
        """Tell whether only listed words fit."""
        return "enum" in self.schema or "const" in self.schema


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    told: Schema

    @property
    def route(self) -> str:
        """Return method and path."""
        return f"{self.method} {self.path}"

    @property
    def roles(self) -> list[str]:
        """Return who may call it, nobody in particular where it is public."""
        return [role for scheme in self.told["security"] for role in scheme["token"]]

    @property
    def body(self) -> Schema | None:
        """Return the body's schema."""
        media = self.told.get("requestBody", {}).get("content", {}).get("application/json")
        return media["schema"] if media else None

    @property
    def example(self) -> dict[str, Json]:
        """Return the declared example of a body."""
        media = self.told["requestBody"]["content"]["application/json"]
        return copy.deepcopy(dict(media["example"]))

    def parameters(self, place: str) -> list[Schema]:
        """Return the parameters in a place: path, query or header."""
        return [one for one in self.told["parameters"] if one["in"] == place]

    def asks_for(self, header: str) -> bool:
        """Tell whether a header is required."""
        told = self.parameters("header")
        return any(one["name"] == header and one.get("required") for one in told)

    def codes(self) -> set[str]:
        """Return every code that its refusals may have."""
        return {
            code
            for answer in self.told["responses"].values()
            for media in answer.get("content", {}).values()
            for code in media.get("examples", {})
        }

    def fields(self, kind: str) -> list[Field]:
        """Return the fields of the body that may be of a JSON type."""
        return [field for field in _fields(self.body or {}) if field.schema.get("type") == kind]


@cache
def contract() -> Schema:
    """Return the app's document."""
    return document(app)


def operations() -> list[Operation]:
    """Return every operation."""
    return [
        Operation(method.upper(), path, told)
        for path, methods in sorted(contract()["paths"].items())
        for method, told in sorted(methods.items())
    ]


def followed(schema: Schema) -> Schema:
    """Return a schema, or what it refers to."""
    if "$ref" not in schema:
        return schema
    return followed(contract()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])


def branches(schema: Schema) -> Iterator[Schema]:
    """Yield a schema, or each of those that it lets choose between."""
    schema = followed(schema)
    if "anyOf" not in schema:
        yield schema
        return
    for branch in schema["anyOf"]:
        yield from branches(branch)


def _fields(schema: Schema, pointer: str = "", depth: int = 0) -> Iterator[Field]:
    assert depth < DEPTH_MAX, "a schema refers to itself"
    for branch in branches(schema):
        inner = [
            *branch.get("properties", {}).items(),
            *((ENTRY, entry) for entry in branch.get("patternProperties", {}).values()),
        ]
        if "items" in branch:
            inner = [("0", branch["items"])]
        if isinstance(branch.get("additionalProperties"), dict):
            inner = [(ENTRY, branch["additionalProperties"])]
        for name, below in inner:
            yield from _fields(below, f"{pointer}/{name}", depth + 1)
        if not inner and branch.get("type") not in {None, "null"}:
            yield Field(pointer, branch)


def a_valid(schema: Schema) -> Json:
    """Return the least that fits a schema."""
    schema = next(branches(schema))
    for told in ("enum", "examples"):
        if told in schema:
            return schema[told][0]
    if schema.get("type") == "object":
        required = schema.get("required", [])
        return {name: a_valid(schema["properties"][name]) for name in required}
    plain = {"array": [], "integer": schema.get("minimum", 0), "boolean": True}
    return plain.get(schema.get("type", ""), "a")


def with_field(body: Json, schema: Schema, pointer: str, value: Json) -> Json:
    """Return a body with a value in one place."""
    first, _, rest = pointer.removeprefix("/").partition("/")
    below = _below(schema, first)
    changed = copy.deepcopy(body)
    if isinstance(changed, list):
        changed = changed or [a_valid(below)]
        changed[0] = with_field(changed[0], below, f"/{rest}", value) if rest else value
        return changed
    inner = changed.get(first)
    if rest and not isinstance(inner, dict | list):
        inner = a_valid(below)
    changed[first] = with_field(inner, below, f"/{rest}", value) if rest else value
    return changed


def _below(schema: Schema, step: str) -> Schema:
    """Return the schema of what a step leads to; a union's branch that has it."""
    for branch in branches(schema):
        if step in branch.get("properties", {}):
            found: Schema = branch["properties"][step]
            return _object_first(found)
        for entry in branch.get("patternProperties", {}).values():
            return _object_first(entry)
        if "items" in branch:
            return _object_first(branch["items"])
    return {}


def _object_first(schema: Schema) -> Schema:
    """Return a union's branch that has something below it, where there is one."""
    inner = ("properties", "items", "patternProperties")
    deep = [branch for branch in branches(schema) if any(name in branch for name in inner)]
    return deep[0] if deep else schema
