"""Files of codes that mean harm, and codes that show nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

import pytest

from chalicelib.catalog.codes.rules import FILE_BYTES_MAX
from tests.api.coded import CODES, coded, execute, previewed, revealed, upload
from tests.faults import Fault, faults
from tests.mall import Mall, made
from tests.rows import everything, of_sort


@contextmanager
def logged() -> Iterator[StringIO]:
    """Collect what is written to the log."""
    with redirect_stdout(StringIO()) as lines:
        yield lines


@pytest.mark.parametrize("wrong", [None, 1, True, ["AAAA"], {"a": 1}], ids=repr)
def test_a_file_is_a_text(mall: Mall, wrong: object) -> None:
    assert upload(mall, coded(mall), wrong).pointers() == ["/csv"]


def test_a_file_of_too_many_lines_is_refused(mall: Mall) -> None:
    reply = upload(mall, coded(mall), "\n" * 20_001)
    assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", ["/csv"])


def test_a_body_has_at_most_4_mib(mall: Mall) -> None:
    reward = coded(mall)
    path = f"/admin/rewards/{reward}/codes"
    empty = len(json.dumps({"csv": ""}))
    body = json.dumps({"csv": "x" * (FILE_BYTES_MAX - empty)})
    told = made(mall.marketing.post(path, body, key="a"), 201)
    assert (told["lines"], told["valid"]) == (1, 0)
    reply = mall.marketing.post(path, body + " ", key="b")
    assert (reply.status, reply.code, reply["bytes_max"]) == (413, "too_large", 4 * 1024 * 1024)


def test_codes_come_from_hostile_files_as_from_tidy_ones(mall: Mall) -> None:
    reward = coded(mall)
    csv = (
        "\ufeffCode,name\r\nAAAA,=cmd|' /C calc'!A0\r=HYPERLINK(1),x\rBB\x00B,x\n"
        + ("y" * 10_000)
        + '\n"BBBB"\n<b>CC</b>\n\u202eDDDD\n"EEEE\n'
        + bytes(range(128, 256)).decode("latin-1")
    )
    told = previewed(mall, reward, csv)
    assert (told["lines"], told["valid"]) == (9, 3)
    assert [problem["line"] for problem in told["problems"]] == [3, 4, 5, 8, 9, 10]
    assert made(execute(mall, reward, told), 200)["imported"] == 3
    assert revealed(mall, reward) == ["AAAA", "BBBB", "<b>CC</b>"]


def test_no_code_shows_anywhere_but_to_whom_it_is_revealed(mall: Mall) -> None:
    reward = coded(mall)
    with logged() as lines:
        first = upload(mall, reward, "\n".join([*CODES, CODES[0], "=" + CODES[1], "\x00SPRING"]))
        answers = [first, upload(mall, reward, "\n".join(CODES)), upload(mall, reward, CODES[0])]
        with faults(dict.fromkeys(range(200), Fault.THROTTLED)):
            answers.append(upload(mall, reward, "SPRING-LOST", key="lost"))
        answers.append(mall.marketing.post(f"/admin/rewards/{reward}/codes", '{"csv": "SPRING'))
        answers.append(upload(mall, reward, list(CODES), key="list"))
        before = everything()
        answers.append(execute(mall, reward, first.json))
        answers.append(mall.marketing.get(f"/admin/rewards/{reward}/codes"))
        answers.append(mall.support.get("/admin/audit"))
    kept = json.dumps([before, everything()], default=bytes.hex)
    told = [answer.text + str(answer.headers) for answer in answers]
    assert "SPRING" not in "".join([*told, lines.getvalue(), kept])
    assert b"SPRING".hex() not in kept
    assert lines.getvalue().count("\n") == len(answers)
    assert revealed(mall, reward) == list(CODES)


def test_codes_lie_sealed_once_and_nowhere_twice(mall: Mall) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, "\n".join(CODES))
    assert ["c" in item for item in of_sort("C#")] == [True]
    made(execute(mall, reward, told), 200)
    assert [sorted(item) for item in of_sort("C#")] == [["p", "s"]]
    assert len(of_sort("U#")) == 3
