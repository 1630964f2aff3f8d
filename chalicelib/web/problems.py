"""Every exception's answer: RFC 9457 `application/problem+json`.

A refusal's kind gives the status, its code and sentence go in as they are, its facts become
further members. Everything else is a 500 that says nothing of its cause: the log has it, under the
request id that the caller sees as `instance`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.kernel.errors import Fact, Kind, Language, Refusal
from chalicelib.web.events import Reply, Request
from chalicelib.web.headers import language_of

STATUS: Final[Mapping[Kind, int]] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD: 405,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.RULE: 422,
    Kind.PRECONDITION: 428,
    Kind.TOO_MANY: 429,
    Kind.BROKEN: 500,
    Kind.UNAVAILABLE: 503,
}
"""The one map from kinds to statuses."""

PROBLEM_TYPE: Final = "application/problem+json"
HEADERS_ALWAYS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer; a view may say otherwise about caching."""


class Broken(Refusal):
    """A bug of ours, or something that nobody foresaw."""

    kind = Kind.BROKEN
    code = "internal"
    en = "Something broke on our side. Try again with the same key; quote the instance if it stays."
    zh = "服务内部出现错误，请使用相同的 Idempotency-Key 重试；如问题持续，请提供 instance。"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row of the table of codes."""

    code: str
    status: int
    en: str
    zh: str


def problem_reply(refusal: Refusal, request: Request) -> Reply:
    """Return the answer that says no, in the caller's language."""
    language = language_of(request.header("accept-language"))
    headers = {
        **HEADERS_ALWAYS,
        "Content-Type": PROBLEM_TYPE,
        "Content-Language": language,
        "X-Request-Id": request.id,
        **headers_of(refusal),
    }
    body = json.dumps(
        members(refusal, language=language, request_id=request.id), ensure_ascii=False
    )
    return Reply(STATUS[refusal.kind], headers, body, code=refusal.code)


def members(refusal: Refusal, *, language: Language, request_id: str) -> dict[str, Fact]:
    """Return a problem's members: the standing ones, then the facts."""
    standing: dict[str, Fact] = {
        "type": f"/problems/{refusal.code}",
        "title": title_of(refusal.code),
        "status": STATUS[refusal.kind],
        "detail": refusal.sentence(language),
        "code": refusal.code,
        "instance": f"urn:jifen:request:{request_id}",
    }
    return standing | dict(refusal.told(language)) | standing


def title_of(code: str) -> str:
    """Return a code's short name: `sold_out` is "Sold out", whatever the language."""
    return code.replace("_", " ").capitalize()


def headers_of(refusal: Refusal) -> dict[str, str]:
    """Return the headers that HTTP asks for beside some refusals."""
    headers = {}
    if refusal.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_seconds" in refusal.facts:
        headers["Retry-After"] = str(refusal.facts["retry_after_seconds"])
    if refusal.kind is Kind.METHOD:
        headers["Allow"] = str(refusal.facts["allow"])
    return headers


def refusals(beneath: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield every refusal of the program that is imported by now and has a code of its own."""
    for refusal in beneath.__subclasses__():
        if "code" in vars(refusal) and refusal.__module__.startswith("chalicelib."):
            yield refusal
        yield from refusals(refusal)


def code_rows() -> list[CodeRow]:
    """Return the table of codes; two refusals of one code are a bug of ours."""
    rows = [
        CodeRow(refusal.code, STATUS[refusal.kind], refusal.en, refusal.zh)
        for refusal in refusals()
    ]
    codes = [row.code for row in rows]
    doubles = {code for code in codes if codes.count(code) > 1}
    assert not doubles, f"more than one refusal has the code {sorted(doubles)}"
    return sorted(rows, key=lambda row: (row.status, row.code))


def code_table() -> str:
    """Return the page of codes in Markdown."""
    lines = [
        "# Codes",
        "",
        "Every refusal's stable code, its HTTP status, and the sentence that a person reads. Words",
        "in braces are facts, which the problem also carries as members of their own. Written by",
        "`python -m infra.openapi --write` from the code.",
        "",
        "| code | status | English | 中文 |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{row.code}` | {row.status} | {row.en} | {row.zh} |" for row in code_rows()]
    return "\n".join(lines) + "\n"
