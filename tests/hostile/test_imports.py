"""Files of codes that are no files of codes: judged line by line, told by number, never quoted."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Callable
from typing import Final

import pytest

from chalicelib.catalog.codes.rules import FILE_BYTES_MAX, LINES_MAX
from chalicelib.storage.work import Work
from tests.events import Reply
from tests.hostile.stage import Stage
from tests.invariants import snapshot

MEGABYTE: Final = 1024 * 1024
PEAK_MEGABYTES_MAX: Final = 32
"""A body of 4 is held some times over while it is read; an error for each of 60,000 fields would
take twice as much, and a body has room for 400,000."""
ANSWER_BYTES_MAX: Final = 4096
JSON: Final = {"Content-Type": "application/json"}
NO_CODES: Final = {
    "a formula": "=cmd|'/C calc'!A0",
    "a formula with a plus": "+SUM(1)",
    "a formula with a minus": "-1+1111",
    "a formula with an at": "@SUM(A1)",
    "a quoted formula": '"=HYPERLINK(1111)"',
    "a formula behind a blank": "  =SUM(A1)",
    "NUL": "CODE\x00123",
    "escape": "\x1b[2JCODE",
    "binary": "".join(map(chr, range(128, 256))),
    "a picture": "\x89PNG\x1a",
    "an archive": "PK\x03\x04\x14\x00",
    "emoji": "CODE\U0001f375",
    "right to left": "CODE\u202e4321",
    "zero width": "CODE\u200b1234",
    "a second mark": "\ufeffCODE-1234",
    "full width": "\uff23\uff2f\uff24\uff25",
    "composed": "CAF\u00c9-1234",
    "another line end": "CODE\u20281234",
    "a form feed": "CODE\x0c1234",
    "a quote inside": 'CO"DE',
    "no closing quote": '"CODE-1234',
    "a blank inside": "CO DE",
    "too short": "ABC",
    "too long": "A" * 65,
    "a megabyte": "A" * MEGABYTE,
}


@pytest.fixture
def upload(stage: Stage) -> Callable[[str], Reply]:
    """Return how to send a file for a reward of codes."""
    reward = stage.mall.reward(1, stock={"mode": "coded"})
    path = f"/admin/rewards/{reward}/codes"
    return lambda csv: stage.mall.marketing.post(path, {"csv": csv}, key=stage.key())


def test_a_line_that_is_no_code_is_told_by_its_number_and_nowhere_quoted(
    stage: Stage, upload: Callable[[str], Reply], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["GOOD-0001", *NO_CODES.values(), "GOOD-0002"]
    reply = upload("\n".join(lines))
    assert (reply.status, reply["valid"], reply["lines"]) == (201, 2, len(lines))
    wrong = {problem["line"]: problem["problem"] for problem in reply["problems"]}
    assert wrong == dict.fromkeys(range(2, len(lines)), "malformed")
    said = capsys.readouterr()
    for place in (reply.text, said.out, said.err, snapshot(Work(stage.mall.clock.now())).decode()):
        assert "GOOD-000" not in place
        assert "calc" not in place


def test_a_file_may_be_written_by_any_spreadsheet(upload: Callable[[str], Reply]) -> None:
    headers: list[list[str]] = [[], ["code"], ["CODE,note"], ['"code"']]
    for mark, end, header in itertools.product(("", "\ufeff"), ("\n", "\r\n", "\r"), headers):
        lines = [*header, "GOOD-0001", '"GOOD-0002",=1+1', " GOOD-0003 ,x"]
        reply = upload(mark + end.join([*lines, ""]))
        told = (reply.status, reply["valid"], reply["problems"])
        assert told == (201, 3, []), (mark, end, header)


def test_a_file_of_nothing_is_a_file_of_no_codes(upload: Callable[[str], Reply]) -> None:
    for csv, lines in (("", 0), ("\n", 1), ("\ufeff", 0), ("code\n", 0), ("\r\n" * 50, 50)):
        reply = upload(csv)
        assert (reply.status, reply["valid"], reply["lines"]) == (201, 0, lines)


def test_a_file_with_a_line_too_many_is_refused(
    stage: Stage, upload: Callable[[str], Reply]
) -> None:
    with stage.untouched() as untouched:
        reply = upload("x\n" * (LINES_MAX + 1))
    assert (reply.status, reply.pointers()) == (422, ["/csv"])
    assert untouched()


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(
    stage: Stage, upload: Callable[[str], Reply]
) -> None:
    room = FILE_BYTES_MAX - len(json.dumps({"csv": ""}))
    assert upload("x" * room)["problems_total"] == 1
    with stage.untouched() as untouched:
        assert (upload("x" * (room + 1)).status, upload("\u8336" * room).status) == (413, 413)
    assert untouched()


def test_a_large_body_of_nonsense_does_not_fill_the_memory(stage: Stage) -> None:
    crowd = {f"{number}": 1 for number in range(60_000)}
    nonsense: dict[str, object] = {
        "unknown fields": crowd,
        "unknown fields and a known one": {"csv": "x", **crowd},
        "a list": {"csv": [""] * 300_000},
        "line ends": {"csv": "\n" * 2_000_000},
        "quotes": {"csv": '"' * 1_500_000},
        "columns": {"csv": ", " * 1_500_000},
    }
    path = f"/admin/rewards/{stage.names['rwd']}/codes"
    for name, told in nonsense.items():
        body = json.dumps(told, separators=(",", ":"))
        assert MEGABYTE // 2 < len(body) <= FILE_BYTES_MAX
        tracemalloc.start()
        reply = stage.mall.marketing.post(path, body, key="k", headers=JSON)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert reply.status in {409, 422}, (name, reply.text[:300])
        assert len(reply.text) < ANSWER_BYTES_MAX, name
        assert peak < PEAK_MEGABYTES_MAX * MEGABYTE, name
