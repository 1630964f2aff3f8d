"""How a file of codes is read, what a code looks like, and how codes are cut into parts.

A file has one code a line, or a table whose first column holds them. Nothing here quotes what it
read: a problem is a line's number and a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from chalicelib.catalog.codes.model import Count, Fault, Import, Problem, Reading
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.catalog.units.rules import block_of
from chalicelib.kernel.errors import Conflict, InvalidFields, NotFound
from chalicelib.kernel.ids import digest62

FILE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of one upload: below the 6 MB that a Lambda is handed, with room for quoting."""
LINES_MAX: Final = 20_000
"""Of one file. Its codes fit into one transaction (1.3 MB of at most 4), and looking all of them up
takes 200 reads of a hundred: seconds. A reward's 100,000 codes come in five files."""
CODE_CHARS_MIN: Final = 4
CODE_CHARS_MAX: Final = 64
PROBLEMS_TOLD_MAX: Final = 100
"""Problems told by line: more than anybody repairs by hand, and less than 4 KB."""
CHUNK_CODES_MAX: Final = 1_000
"""Codes of a file in one sealed item: at most 65 KB of the 400 that an item may have."""
BATCH_CODES_MAX: Final = 50
"""Codes of one transaction: a claim and a unit each, of at most 100 items."""
IMPORT_CHARS: Final = 11
IMPORT_PATTERN: Final = re.compile(r"imp_[0-9A-Za-z]{11}")
HEADER: Final = "code"
BYTE_ORDER_MARK: Final = "\ufeff"
BLANKS: Final = " \t"
CODE: Final = re.compile(
    rf"(?![=+\-@])[!#-&(-+\--~]{{{CODE_CHARS_MIN},{CODE_CHARS_MAX}}}",
)
"""Printable ASCII without space, comma and quotes; at the front also none of `= + - @`, by which a
spreadsheet knows a formula and would run it."""


class StockNotCoded(Conflict):
    """Codes were sent for a reward whose units are no codes."""

    code = "stock_not_coded"
    en = "This reward's units are not voucher codes, so none can be imported."
    zh = "该奖励的库存不是兑换码，无法导入兑换码。"


def import_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the import that a caller's request makes."""
    return "imp_" + digest62((caller, route, key), IMPORT_CHARS)


def refuse_malformed(import_id: str) -> None:
    """Raise `NotFound` for what cannot be the id of an import."""
    if not IMPORT_PATTERN.fullmatch(import_id):
        raise NotFound


def refuse_not_coded(plan: StockPlan) -> None:
    """Raise `StockNotCoded` where units are no codes."""
    if plan.mode is not Mode.CODED:
        raise StockNotCoded


def read(csv: str) -> Reading:
    """Return what a file holds; raises `InvalidFields` when it has too many lines.

    A byte order mark, a header `code`, and any of LF, CRLF and CR at the ends of lines are taken as
    they come. A quoted column does not go on in the next line.
    """
    lines = dict(enumerate(_lines(csv), start=1))
    if _first_column(lines.get(1, "")).lower() == HEADER:
        del lines[1]
    codes: dict[int, str] = {}
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for line, text in lines.items():
        code = _first_column(text)
        problem = _problem(line, code, seen=seen)
        if problem is None:
            seen[code] = line
            codes[line] = code
        else:
            problems.append(problem)
    return Reading(len(lines), codes, tuple(problems))


def without(reading: Reading, existing: Iterable[str]) -> Reading:
    """Return a reading whose codes are none of those that exist already."""
    known = frozenset(existing)
    codes = {line: code for line, code in reading.codes.items() if code not in known}
    old = [Problem(line, Fault.EXISTS) for line in reading.codes.keys() - codes.keys()]
    problems = sorted([*reading.problems, *old], key=lambda problem: problem.line)
    return Reading(reading.lines, codes, tuple(problems))


def chunks(reading: Reading) -> Iterator[list[str]]:
    """Yield a reading's codes in the order of the file, as they lie in sealed items."""
    codes = list(reading.codes.values())
    for start in range(0, len(codes), CHUNK_CODES_MAX):
        yield codes[start : start + CHUNK_CODES_MAX]


def chunk_of(done: int) -> int:
    """Return the chunk in which the next code lies."""
    return done // CHUNK_CODES_MAX


def next_batch(wanted: Import, chunk: list[str]) -> dict[str, int]:
    """Return the next codes of an import and their numbers, out of the chunk they lie in."""
    start = wanted.done % CHUNK_CODES_MAX
    first = wanted.base + wanted.done
    return {
        code: first + place for place, code in enumerate(chunk[start : start + BATCH_CODES_MAX])
    }


def moved_on(before: Import, batch: Mapping[str, int], *, claims: Mapping[str, int]) -> Import:
    """Return an import behind a batch that is dealt with, by whose number each code has now."""
    ours = sum(claims[code] == number for code, number in batch.items())
    return replace(before, done=before.done + len(batch), imported=before.imported + ours)


def end_of(told: Import) -> int:
    """Return the first number behind the codes that an import has put on the shelf."""
    return told.base + told.done if told.imported else 0


def count_of(told: Import) -> Count:
    """Return what an import has done so far."""
    return Count(told.id, told.state, told.imported, told.skipped, told.valid - told.done)


def about_unit(reward_id: str, number: int) -> str:
    """Return what the sealed code of a unit is about: the very item it lies in."""
    return f"{reward_id}#{block_of(number)}/U#{number:06d}"


def _problem(line: int, code: str, *, seen: Mapping[str, int]) -> Problem | None:
    """Return what is wrong with a line's code."""
    if not code:
        return Problem(line, Fault.BLANK)
    if not CODE.fullmatch(code):
        return Problem(line, Fault.MALFORMED)
    if code in seen:
        return Problem(line, Fault.DUPLICATE, seen[code])
    return None


def _lines(csv: str) -> list[str]:
    """Return a file's lines; what ends the last line begins no other."""
    text = csv.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        return []
    text = text.removesuffix("\n")
    # Counted first: a hostile file of nothing but line ends would become millions of texts.
    if text.count("\n") >= LINES_MAX:
        raise InvalidFields.at("/csv", f"more than {LINES_MAX} lines", zh=f"超过 {LINES_MAX} 行")
    return text.split("\n")


def _first_column(line: str) -> str:
    """Return a line's first column, without quotes and blanks around it.

    What is wrong with the quoting is left in, and a code holds no quote.
    """
    text = line.strip(BLANKS)
    if not text.startswith('"'):
        return text.partition(",")[0].rstrip(BLANKS)
    inner, closing, rest = text[1:].partition('"')
    rest = rest.lstrip(BLANKS)
    is_whole = closing and (not rest or rest.startswith(","))
    return inner.strip(BLANKS) if is_whole else text
