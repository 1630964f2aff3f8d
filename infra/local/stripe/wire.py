"""Form bodies and queries as Stripe reads them: `a[b]=c` is nested, `a[]=x` and `a[0]=x` a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

from infra.local.stripe.refused import Document, wrong_parameter

NAME: Final = re.compile(r"(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")
PARAMETERS_MAX: Final = 1000
"""Far beyond any request of ours: metadata may have 50 entries."""


def decode(text: str) -> Document:
    """Return a form's parameters; every leaf is text."""
    found: Document = {}
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    for name, value in pairs:
        match = NAME.fullmatch(name)
        if match is None:
            raise wrong_parameter(
                f"Received unknown parameter: {name}", param=name, code="parameter_unknown"
            )
        _put(found, [match["first"], *re.findall(r"\[([^\]]*)\]", match["rest"])], value=value)
    return {name: _with_lists(value) for name, value in found.items()}


def _put(into: Document, steps: list[str], *, value: str) -> None:
    """Put a leaf into its place; an empty step takes the next number."""
    *path, last = steps
    for step in path:
        place = into.setdefault(step or str(len(into)), {})
        if not isinstance(place, dict):
            raise wrong_parameter("Invalid object", param=steps[0])
        into = place
    into[last or str(len(into))] = value


def _with_lists(value: object) -> object:
    """Turn each object whose names are 0, 1, 2 … into a list."""
    if not isinstance(value, dict):
        return value
    read = {name: _with_lists(inner) for name, inner in value.items()}
    if list(read) == [str(number) for number in range(len(read))]:
        return list(read.values())
    return read


def flat(document: Document, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield a document's leaves by their names on the wire."""
    for name, value in document.items():
        path = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, dict):
            yield from flat(value, path)
        elif isinstance(value, list):
            yield from flat({str(number): item for number, item in enumerate(value)}, path)
        else:
            yield path, str(value)
