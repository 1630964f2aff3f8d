"""What a parameter may be. Each check turns the wire's text into a value or refuses it by name.

A table of parameters is a mapping from name to check. What it does not name is unknown, at any
depth; what it marks as needed is missing when it is not sent. The messages are Stripe's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.local.stripe.refused import Document, wrong_parameter

METADATA_MAX: Final = 50
METADATA_NAME_MAX: Final = 40
METADATA_VALUE_MAX: Final = 500
"""Stripe's limits on metadata."""
TEXT_MAX: Final = 5000
"""Stripe's limit on a text without a limit of its own."""
PAGE_MAX: Final = 100

Read = Callable[[object, str], Any]
"""Takes what was sent and the parameter's full name."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: how it is read, and whether it has to be there."""

    read: Read
    is_needed: bool = False


Params = Mapping[str, Param]


def read_params(params: Params, given: Document, *, within: str = "") -> Document:
    """Return the values of parameters; those that were not sent are not there."""
    for name in given:
        if name not in params:
            full = _full(within, name)
            raise wrong_parameter(
                f"Received unknown parameter: {full}", param=full, code="parameter_unknown"
            )
    for name, param in params.items():
        if param.is_needed and name not in given:
            full = _full(within, name)
            raise wrong_parameter(
                f"Missing required param: {full}.", param=full, code="parameter_missing"
            )
    return {name: params[name].read(value, _full(within, name)) for name, value in given.items()}


def text(value: object, name: str) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str):
        raise wrong_parameter("Invalid string", param=name, code="parameter_invalid_string")
    if not value:
        raise wrong_parameter(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to"
            f" unset a parameter; however '{name}' cannot be unset. You should remove '{name}' from"
            " your request or supply a non-empty value.",
            param=name,
            code="parameter_invalid_empty",
        )
    if len(value) > TEXT_MAX:
        said = f"Invalid string: {value[:10]}…; must be at most {TEXT_MAX} characters"
        raise wrong_parameter(said, param=name)
    return value


def integer(least: int | None = None, most: int | None = None) -> Read:
    """Return the check of an integer between two bounds, ends included."""

    def read(value: object, name: str) -> int:
        told = text(value, name)
        if re.fullmatch(r"-?[0-9]{1,18}", told) is None:
            raise wrong_parameter(
                f"Invalid integer: {told}", param=name, code="parameter_invalid_integer"
            )
        number = int(told)
        if least is not None and number < least:
            raise _out_of_range("greater", least, name=name)
        if most is not None and number > most:
            raise _out_of_range("less", most, name=name)
        return number

    return read


def boolean(value: object, name: str) -> bool:
    """Read true or false."""
    if value not in {"true", "false"}:
        raise wrong_parameter(f"Invalid boolean: {value}", param=name)
    return value == "true"


def one_of(*choices: str) -> Read:
    """Return the check of a text that is one of a few."""
    *others, last = choices
    known = f"one of {', '.join(others)}, or {last}" if others else last

    def read(value: object, name: str) -> str:
        told = text(value, name)
        if told not in choices:
            raise wrong_parameter(f"Invalid {name}: must be {known}", param=name)
        return told

    return read


def object_of(params: Params) -> Read:
    """Return the check of an object with parameters of its own."""

    def read(value: object, name: str) -> Document:
        if not isinstance(value, dict):
            raise wrong_parameter("Invalid object", param=name)
        return read_params(params, value, within=name)

    return read


def texts(value: object, name: str) -> list[str]:
    """Read a list of texts."""
    if not isinstance(value, list):
        raise wrong_parameter("Invalid array", param=name)
    return [text(item, f"{name}[{number}]") for number, item in enumerate(value)]


def metadata(value: object, name: str) -> dict[str, str]:
    """Read names and values of the caller's own choosing."""
    if value == "":
        return {}
    entries = {str(i): item for i, item in enumerate(value)} if isinstance(value, list) else value
    if not isinstance(entries, dict):
        raise wrong_parameter("Invalid object", param=name)
    if len(entries) > METADATA_MAX:
        said = f"Metadata can have at most {METADATA_MAX} keys; {len(entries)} were provided."
        raise wrong_parameter(said, param=name)
    for key, entry in entries.items():
        if len(key) > METADATA_NAME_MAX or len(str(entry)) > METADATA_VALUE_MAX:
            said = (
                f"Metadata keys can have up to {METADATA_NAME_MAX} characters, and values up to"
                f" {METADATA_VALUE_MAX}; {key[:METADATA_NAME_MAX]} has more."
            )
            raise wrong_parameter(said, param=name)
        if not isinstance(entry, str):
            raise wrong_parameter("Metadata values must be strings.", param=f"{name}[{key}]")
    return {key: entry for key, entry in entries.items() if entry}


def created(value: object, name: str) -> dict[str, int]:
    """Read an instant, or a span of time, as bounds in whole seconds."""
    if isinstance(value, str):
        at = integer(0)(value, name)
        return {"gte": at, "lte": at}
    bounds = object_of({bound: Param(integer(0)) for bound in ("gt", "gte", "lt", "lte")})
    read: dict[str, int] = bounds(value, name)
    return read


def paged(**more: Param) -> Params:
    """Return the parameters of a list, with further filters."""
    return {
        "limit": Param(integer(1, PAGE_MAX)),
        "starting_after": Param(text),
        "ending_before": Param(text),
        "created": Param(created),
        **more,
        **EXPANDED,
    }


EXPANDED: Final[Params] = {"expand": Param(texts)}


def optional(names: Sequence[str], read: Read = text) -> dict[str, Param]:
    """Return parameters that are alike and may be missing."""
    return {name: Param(read) for name in names}


def _full(within: str, name: str) -> str:
    return f"{within}[{name}]" if within else name


def _out_of_range(direction: str, bound: int, *, name: str) -> Exception:
    said = f"This value must be {direction} than or equal to {bound}."
    return wrong_parameter(said, param=name, code="parameter_invalid_integer")
