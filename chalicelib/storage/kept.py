"""What a process keeps so as not to read it again: bounded; when it is full, everything goes.

Keys name what makes an entry true for ever (a table and a version); what ages keeps its instant in
its value. Threads may look the same thing up twice at once: the price of having no lock.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most `kept_max` values by key."""

    def __init__(self, kept_max: int) -> None:
        """Start empty."""
        self._kept_max = kept_max
        self._values: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return a value that is still here."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value; make room for it."""
        if len(self._values) >= self._kept_max and key not in self._values:
            self._values.clear()
        self._values[key] = value
