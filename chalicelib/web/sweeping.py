"""Doing something for very many things: page by page, and several at a time.

The threads of one run share its process and its connections; what they do is safe beside each other
because it is safe beside anybody. A page ends before the next is asked for, and a handful is done
in a row, since a thread would cost more than it brings. After each full page a line of the log
tells how far the run is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from chalicelib.web.apart import did
from chalicelib.web.logs import tell_progress

THREADS: Final = 16
"""Each waits for the table most of its time; a quarter of the connections that a process has."""
IN_A_ROW_MAX: Final = 4

T = TypeVar("T")


def page_by_page(
    job: str, pages: Iterable[Sequence[T]], *, act: Callable[[T], Mapping[str, int]]
) -> Mapping[str, int]:
    """Do something for each of many things, and add up what it counts.

    One that fails holds up nobody else. It is told in the log and, still being due, is met again by
    the next run. Each counts as one, or as what `in_a_row` says was done and failed of it.
    """
    counts = Counter({"done": 0, "failed": 0})
    tried = partial(_tried, act)
    with ThreadPoolExecutor(THREADS) as threads:
        for names in pages:
            if counts["done"]:
                tell_progress(job, counts)
            many = len(names) > IN_A_ROW_MAX
            for told in threads.map(tried, names) if many else map(tried, names):
                counts.update(told)
    return counts


def in_a_row(names: Iterable[T], *, act: Callable[[T], Mapping[str, int]]) -> Mapping[str, int]:
    """Do something for each of some things, in their order, and add up what it counts.

    One that fails holds up nobody else, as in `page_by_page`.
    """
    counts = Counter({"done": 0, "failed": 0})
    for name in names:
        counts.update(_tried(act, name))
    return counts


def _tried(act: Callable[[T], Mapping[str, int]], name: T) -> Mapping[str, int]:
    told: dict[str, int] = {}
    is_done = did(name, lambda one: told.update(act(one)))
    return {"done": 1, **told} if is_done else {"failed": 1}
