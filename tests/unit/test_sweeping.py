"""Doing something for very many: several at a time, page by page, and past whoever fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Final

import pytest

from chalicelib.web.sweeping import IN_A_ROW_MAX, THREADS, in_a_row, page_by_page

SECONDS: Final = 10.0
"""More than threads need to come together."""


def test_what_is_counted_is_added_up_and_who_fails_holds_up_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def act(name: str) -> Mapping[str, int]:
        if name == "bad":
            raise ValueError(name)
        return {"letters": len(name)}

    pages = [["a", "bad", "ccc"], ["bad", *"defghij"], []]
    assert page_by_page("sweep", pages, act=act) == {"done": 9, "failed": 2, "letters": 11}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines].count("job failed for one") == 2
    told = [line for line in lines if line["message"] == "job goes on"]
    assert [(line["job"], line["done"], line["failed"]) for line in told] == [
        ("sweep", 2, 1),
        ("sweep", 9, 2),
    ]


def test_what_belongs_together_is_counted_by_what_was_done_of_it() -> None:
    def act(name: str) -> Mapping[str, int]:
        if name == "bad":
            raise ValueError(name)
        return {"sent": 1}

    pages = [[["a", "bad", "c"], ["d", "e"]], [["bad"]]]
    told = page_by_page("sweep", pages, act=lambda names: in_a_row(names, act=act))
    assert told == {"done": 4, "failed": 2, "sent": 4}


def test_a_full_page_is_done_by_as_many_as_there_are_threads() -> None:
    together = threading.Barrier(THREADS)

    def act(_: str) -> Mapping[str, int]:
        together.wait(SECONDS)
        return {}

    names = [str(number) for number in range(THREADS)]
    assert page_by_page("sweep", [names], act=act) == {"done": THREADS, "failed": 0}


def test_a_handful_is_done_in_a_row_by_the_thread_that_asks() -> None:
    seen: list[tuple[str, int]] = []

    def act(name: str) -> Mapping[str, int]:
        seen.append((name, threading.get_ident()))
        return {}

    names = [str(number) for number in range(IN_A_ROW_MAX)]
    page_by_page("sweep", [names], act=act)
    assert seen == [(name, threading.get_ident()) for name in names]


def test_a_process_that_dies_takes_the_run_along() -> None:
    class Died(BaseException):
        """Not an error that a job could go on after."""

    def act(_: str) -> Mapping[str, int]:
        raise Died

    for count in (1, THREADS):
        with pytest.raises(Died):
            page_by_page("sweep", [["x"] * count], act=act)
