"""Files of codes: what is read out of them, whatever they are made of, and how codes are cut."""

from __future__ import annotations

import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.codes import rules
from chalicelib.catalog.codes.model import Fault, Import, Problem, Reading, State
from chalicelib.kernel.errors import InvalidFields, NotFound
from tests.builders import NOW, REWARD_ID, a_plan

MARK: Final = "\ufeff"
PRINTABLE: Final = [chr(number) for number in range(0x21, 0x7F)]
UNFIT: Final = [
    *"\"', ",
    "\x00",
    "\x07",
    "\x7f",
    "é",
    "中",
    "😀",
    "\u202e",
    "\u2028",
    "\x0b",
    "\x85",
]


def codes(csv: str) -> list[str]:
    return list(rules.read(csv).codes.values())


def told(csv: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.fault.value) for problem in rules.read(csv).problems]


def an_import(**fields: int) -> Import:
    given: dict[str, int] = {"lines": 10, "valid": 10} | fields
    return Import("imp_0Ab1Cd2Ef3G", REWARD_ID, NOW, State.RUNNING, problems=(), **given)


@pytest.mark.parametrize(
    "csv",
    [
        "AAAA\nBBBB",
        "AAAA\nBBBB\n",
        "AAAA\r\nBBBB\r\n",
        "AAAA\rBBBB\r",
        MARK + "AAAA\nBBBB",
        "code\nAAAA\nBBBB",
        MARK + "Code\r\nAAAA\r\nBBBB",
        '"CODE"\n"AAAA"\n"BBBB"\n',
        " code , value\n AAAA , 10\n\tBBBB\t,\n",
        'code,text\n"AAAA","ten, or ""so"""\n"BBBB" ,x',
    ],
)
def test_a_code_a_line_or_in_the_first_column_is_read_whatever_ends_the_line(csv: str) -> None:
    assert codes(csv) == ["AAAA", "BBBB"]
    assert told(csv) == []


@pytest.mark.parametrize("csv", ["", MARK])
def test_an_empty_file_has_no_lines(csv: str) -> None:
    assert rules.read(csv) == Reading(0, {}, ())


@pytest.mark.parametrize("csv", ["code", "code\n", MARK + '"code",\r\n'])
def test_a_file_of_only_a_header_has_no_lines(csv: str) -> None:
    assert rules.read(csv) == Reading(0, {}, ())


def test_a_header_is_one_only_in_the_first_line() -> None:
    assert codes("AAAA\ncode\n") == ["AAAA", "code"]


def test_lines_are_counted_as_an_editor_counts_them_and_a_header_is_not_among_them() -> None:
    reading = rules.read("code\nAAAA\n\nBBBB\n=BAD\n")
    assert reading.lines == 4
    assert reading.codes == {2: "AAAA", 4: "BBBB"}
    assert told("code\nAAAA\n\nBBBB\n=BAD\n") == [(3, "blank"), (5, "malformed")]


def test_a_line_without_a_first_column_is_blank() -> None:
    csv = 'AAAA\n\n   \t\n,x\n""\n" ",y\nBBBB\n\n'
    assert told(csv) == [(line, "blank") for line in (2, 3, 4, 5, 6, 8)]


def test_one_line_end_is_one_blank_line() -> None:
    assert told("\n") == [(1, "blank")]


def test_a_code_that_came_before_is_a_duplicate_of_that_line() -> None:
    reading = rules.read('AAAA\nBBBB\n AAAA \n"AAAA"\naaaa\n')
    assert reading.codes == {1: "AAAA", 2: "BBBB", 5: "aaaa"}
    assert reading.problems == (
        Problem(3, Fault.DUPLICATE, of_line=1),
        Problem(4, Fault.DUPLICATE, of_line=1),
    )


@pytest.mark.parametrize("sign", [*"=+-@"])
def test_what_a_spreadsheet_would_run_is_no_code(sign: str) -> None:
    assert told(f"{sign}1+1|cmd") == [(1, "malformed")]
    assert told(f'"{sign}HYPERLINK(1)"') == [(1, "malformed")]
    assert codes(f"AAAA{sign}") == [f"AAAA{sign}"]


@pytest.mark.parametrize("unfit", UNFIT, ids=repr)
def test_a_code_is_printable_ascii_without_blank_comma_and_quotes(unfit: str) -> None:
    assert codes(f'"AA{unfit}AA"') == []


def test_all_other_printable_ascii_may_stand_in_a_code() -> None:
    fit = [char for char in PRINTABLE if char not in "\"',"]
    assert codes("\n".join(f"AAA{char}" for char in fit)) == [f"AAA{char}" for char in fit]
    first = [char for char in fit if char not in "=+-@"]
    assert codes("\n".join(f"{char}AAA" for char in first)) == [f"{char}AAA" for char in first]


@pytest.mark.parametrize(("chars", "found"), [(3, 0), (4, 1), (64, 1), (65, 0), (10_000, 0)])
def test_a_code_has_4_to_64_characters(chars: int, found: int) -> None:
    assert len(codes("A" * chars)) == found


@pytest.mark.parametrize("line", ['"AAAA', '"AAAA"B', '"AA""AA"', 'AA"AA', 'AAAA"', '"', '"""'])
def test_what_is_wrongly_quoted_is_malformed(line: str) -> None:
    assert told(f"{line}\nBBBB") == [(1, "malformed")]
    assert codes(f"{line}\nBBBB") == ["BBBB"]


def test_a_quoted_column_does_not_swallow_the_next_line() -> None:
    assert told('"AAAA\nBBBB"\nCCCC') == [(1, "malformed"), (2, "malformed")]


def test_binary_is_malformed_line_by_line() -> None:
    binary = bytes(range(256)).decode("latin-1")
    reading = rules.read(binary)
    assert reading.codes == {}
    assert reading.lines == len(reading.problems) == 3


@pytest.mark.parametrize("filling", ["A", " ", '"', ",", "=", "\x00", '" '])
def test_a_line_of_four_million_characters_is_judged_in_an_instant(filling: str) -> None:
    begun = time.process_time()
    reading = rules.read(filling * (4_000_000 // len(filling)) + "x")
    assert reading.lines == 1
    assert reading.codes == {}
    assert time.process_time() - begun < 1


def test_a_file_has_at_most_twenty_thousand_lines() -> None:
    most = "\n".join(f"C{number:05d}" for number in range(rules.LINES_MAX))
    assert len(rules.read(most).codes) == len(rules.read(most + "\n").codes) == rules.LINES_MAX
    for more in (most + "\nAAAA", most + "\n\n", "\n" * 4_000_000, "\r" * 4_000_000):
        with pytest.raises(InvalidFields) as refused:
            rules.read(more)
        assert refused.value.told("en")["errors"] == [
            {"pointer": "/csv", "detail": "more than 20000 lines"}
        ]
        assert refused.value.told("zh-CN")["errors"] == [
            {"pointer": "/csv", "detail": "超过 20000 行"}
        ]


@given(st.text(alphabet=st.sampled_from([*'AB=", \t', "\r", "\n", "\x00", "é", MARK]), max_size=80))
def test_whatever_a_file_holds_each_line_is_a_code_or_a_problem(csv: str) -> None:
    reading = rules.read(csv)
    lines = [*reading.codes, *(problem.line for problem in reading.problems)]
    assert len(lines) == len(set(lines)) == reading.lines
    assert sorted(reading.codes) == list(reading.codes)
    assert len(set(reading.codes.values())) == len(reading.codes)
    assert all(rules.CODE.fullmatch(code) for code in reading.codes.values())


def test_codes_that_exist_become_problems_in_their_place() -> None:
    reading = rules.without(rules.read("AAAA\nBBBB\n\nCCCC\nBBBB\n"), ["BBBB", "ZZZZ"])
    assert reading.codes == {1: "AAAA", 4: "CCCC"}
    assert reading.lines == 5
    assert reading.problems == (
        Problem(2, Fault.EXISTS),
        Problem(3, Fault.BLANK),
        Problem(5, Fault.DUPLICATE, of_line=2),
    )


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000])
def test_chunks_hold_all_codes_in_order_a_thousand_each(count: int) -> None:
    told = {line: f"C{line:05d}" for line in range(1, count + 1)}
    parts = list(rules.chunks(Reading(count, told, ())))
    assert [code for part in parts for code in part] == list(told.values())
    assert all(len(part) == rules.CHUNK_CODES_MAX for part in parts[:-1])
    assert all(1 <= len(part) <= rules.CHUNK_CODES_MAX for part in parts)
    assert all(rules.chunk_of(at) < len(parts) for at in range(count))


def test_a_batch_goes_on_where_the_import_stands_with_the_numbers_of_its_place() -> None:
    chunk = [f"C{place:03d}" for place in range(120)]
    begun = an_import(valid=1120, base=7, done=1000)
    first = rules.next_batch(begun, chunk)
    assert first == {f"C{place:03d}": 1007 + place for place in range(50)}
    last = rules.next_batch(an_import(valid=1120, base=7, done=1100), chunk)
    assert last == {f"C{place:03d}": 1007 + place for place in range(100, 120)}


def test_a_batch_that_is_dealt_with_counts_what_has_our_number_and_skips_the_rest() -> None:
    batch = {"AAAA": 10, "BBBB": 11, "CCCC": 12}
    after = rules.moved_on(an_import(done=3, imported=1), batch, claims=batch | {"BBBB": 4})
    assert (after.done, after.imported, after.skipped) == (6, 3, 3)


def test_a_reward_is_told_of_numbers_only_once_some_have_codes() -> None:
    assert rules.end_of(an_import(base=7, done=3, imported=1)) == 10
    assert rules.end_of(an_import(base=7, done=3, imported=0)) == 0


def test_only_a_reward_of_codes_takes_codes() -> None:
    with pytest.raises(rules.StockNotCoded):
        rules.refuse_not_coded(a_plan())


def test_the_id_of_an_import_follows_from_its_request() -> None:
    made = rules.import_id_of("op", route="POST /x", key="k")
    assert made == rules.import_id_of("op", route="POST /x", key="k")
    assert made != rules.import_id_of("op", route="POST /x", key="l")
    rules.refuse_malformed(made)


@pytest.mark.parametrize(
    "wrong", ["", "imp_", "imp_0Ab1Cd2Ef3", "imp_0Ab1Cd2Ef3G\n", "rwd_0Ab1Cd2Ef3G"]
)
def test_what_cannot_be_an_import_is_not_found(wrong: str) -> None:
    with pytest.raises(NotFound):
        rules.refuse_malformed(wrong)


def test_a_sealed_code_is_about_the_item_it_lies_in() -> None:
    assert rules.about_unit(REWARD_ID, 17) == f"{REWARD_ID}#0/U#000017"
    assert rules.about_unit(REWARD_ID, 12_345) == f"{REWARD_ID}#12/U#012345"
