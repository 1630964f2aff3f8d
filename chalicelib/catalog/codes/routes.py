"""A reward's codes over HTTP, for operators: a file is looked over, then imported.

No answer ever tells a code. Members read theirs with their orders.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from chalicelib.catalog.codes import service
from chalicelib.catalog.codes.model import Fault, Import, Problem, State
from chalicelib.catalog.codes.rules import FILE_BYTES_MAX, StockNotCoded
from chalicelib.catalog.codes.service import Request
from chalicelib.catalog.stock.rules import StockFull
from chalicelib.kernel.errors import Contended
from chalicelib.web.bodies import Body, PageQuery, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

PREVIEW_EXAMPLE: Final[Example] = {
    "id": "imp_0Ab1Cd2Ef3G",
    "created_at": "2026-11-21T08:00:00Z",
    "state": "previewed",
    "lines": 4,
    "valid": 2,
    "problems": [
        {"line": 3, "problem": "blank", "of_line": None},
        {"line": 4, "problem": "duplicate", "of_line": 1},
    ],
    "problems_total": 2,
    "imported": 0,
    "skipped": 0,
}
DONE_EXAMPLE: Final[Example] = {**PREVIEW_EXAMPLE, "state": "done", "imported": 2}
REWARD_EXAMPLE: Final = {"id": "rwd_0Ab1Cd2Ef3G"}
IMPORT_EXAMPLE: Final = {**REWARD_EXAMPLE, "import": "imp_0Ab1Cd2Ef3G"}


class CodesFile(Body):
    """A file as text: one code a line, or a table with the codes in its first column."""

    csv: str


class ProblemView(View):
    """A line that gives no code, and why; `of_line` is where a duplicate was first, else null."""

    line: int
    problem: Fault
    of_line: int | None

    @classmethod
    def of(cls, problem: Problem) -> ProblemView:
        """Return a problem as an answer."""
        return cls(line=problem.line, problem=problem.fault, of_line=problem.of_line)


class ImportView(View):
    """An import: what its file holds, and how many codes are on the shelf or were before.

    `lines` = `valid` + `problems_total`; of the problems the first 100 are told. It is done when
    `imported` + `skipped` = `valid`.
    """

    id: str
    created_at: datetime
    state: State
    lines: int
    valid: int
    problems: list[ProblemView]
    problems_total: int
    imported: int
    skipped: int

    @classmethod
    def of(cls, told: Import) -> ImportView:
        """Return an import as an answer."""
        return cls(
            id=told.id,
            created_at=told.created_at,
            state=told.state,
            lines=told.lines,
            valid=told.valid,
            problems=[ProblemView.of(problem) for problem in told.problems],
            problems_total=told.problems_total,
            imported=told.imported,
            skipped=told.skipped,
        )


@routes.post(
    "/admin/rewards/{id}/codes",
    roles=("marketing",),
    key=True,
    body=CodesFile,
    bytes_max=FILE_BYTES_MAX,
    answer=ImportView,
    status=201,
    summary="Look a file of codes over, and keep it for an import",
    refusals=(StockNotCoded,),
    example={"csv": "code\nSPRING-7QK2\nSPRING-9XW4\n\nSPRING-7QK2\n"},
    answer_example=PREVIEW_EXAMPLE,
    path_example=REWARD_EXAMPLE,
)
def upload(call: Call[CodesFile]) -> Answer:
    """Preview an import."""
    request = Request(call.identity.subject, call.route, call.key, call.fingerprint)
    reward_id = call.path["id"]
    made = service.upload(call.work, request, reward_id=reward_id, csv=call.body.csv)
    return Answer(ImportView.of(made.told), replayed=made.replayed)


@routes.get(
    "/admin/rewards/{id}/codes",
    roles=("marketing",),
    query=PageQuery,
    answer=Paged[ImportView],
    summary="A reward's imports of codes, newest first",
    answer_example={"items": [DONE_EXAMPLE], "next_cursor": None},
    path_example=REWARD_EXAMPLE,
)
def list_all(call: Call[None, PageQuery]) -> Paged[ImportView]:
    """List a reward's imports."""
    after = position_of(call)
    page = service.page(call.work, call.path["id"], limit=call.query.limit, after=after)
    return paged(call, page, view=ImportView.of)


@routes.get(
    "/admin/rewards/{id}/codes/{import}",
    roles=("marketing",),
    answer=ImportView,
    summary="How far an import of codes has come",
    answer_example=DONE_EXAMPLE,
    path_example=IMPORT_EXAMPLE,
)
def show(call: Call[None]) -> ImportView:
    """Show an import."""
    found = service.show(call.work, call.path["id"], import_id=call.path["import"])
    return ImportView.of(found)


@routes.post(
    "/admin/rewards/{id}/codes/{import}/execute",
    roles=("marketing",),
    answer=ImportView,
    summary="Put an import's codes on the shelf; while it is running, ask again",
    refusals=(StockFull, Contended),
    answer_example=DONE_EXAMPLE,
    path_example=IMPORT_EXAMPLE,
)
def execute(call: Call[None]) -> ImportView:
    """Execute an import, or go on with it."""
    reward_id, import_id = call.path["id"], call.path["import"]
    by = call.identity.subject
    return ImportView.of(service.execute(call.work, reward_id, import_id=import_id, by=by))
