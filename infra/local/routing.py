"""Which of the app's routes a path means, as API Gateway decides it.

A literal segment goes before a parameter, a parameter takes exactly one segment that is not empty,
a slash at the end does not count, and what a parameter takes stays percent-encoded. The price of
finding a route grows with the routes of as many segments, not with all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Segments = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A route's template and what its parameters took."""

    template: str
    parameters: Mapping[str, str]


class RouteMap:
    """The templates of an app, prepared for looking up."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._exact: dict[str, Match] = {}
        self._by_length: dict[int, list[tuple[Segments, str]]] = defaultdict(list)
        for template in templates:
            segments = tuple(template.split("/"))
            if any(map(_is_parameter, segments)):
                self._by_length[len(segments)].append((segments, template))
            else:
                self._exact[template] = Match(template, {})
        for candidates in self._by_length.values():
            candidates.sort(key=lambda candidate: tuple(map(_is_parameter, candidate[0])))

    def find(self, path: str) -> Match | None:
        """Return the route that a path means, if any."""
        path = path.removesuffix("/") or "/"
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        segments = tuple(path.split("/"))
        for pattern, template in self._by_length.get(len(segments), ()):
            parameters = _taken(pattern, segments)
            if parameters is not None:
                return Match(template, parameters)
        return None


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


def _taken(pattern: Segments, segments: Segments) -> dict[str, str] | None:
    """Return what the parameters of a pattern take, or None where a segment does not fit."""
    taken = {}
    for wanted, segment in zip(pattern, segments, strict=True):
        if _is_parameter(wanted):
            if not segment:
                return None
            taken[wanted[1:-1]] = segment
        elif wanted != segment:
            return None
    return taken
