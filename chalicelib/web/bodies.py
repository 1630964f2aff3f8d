"""Reading bodies and queries, and the schemas that every room's routes share.

Bytes become JSON first (what cannot be read is 400 `malformed`: broken or trailing bytes, NaN, a
lone surrogate, nesting beyond 200), then a model, strictly (what is wrong is 422 `invalid`, each
error with a JSON pointer). The two passes cost a few microseconds and tell the two apart.

Models build their validators at first use (`defer_build`), so that importing all routes stays
cheap; a server with threads builds them all beforehand (`House.prepare`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_core import ErrorDetails, from_json

from chalicelib.kernel.errors import InvalidFields, Language, Malformed
from chalicelib.kernel.money import MONEY_MAX, Money
from chalicelib.kernel.pages import PAGE_DEFAULT, PAGE_MAX

BODY_BYTES_MAX: Final = 64 * 1024
"""Ordinary bodies are under 4 KiB; sixteen times that is room enough for any of them."""
ERRORS_MAX: Final = 20
"""Errors told of one request, so that a hostile body cannot ask for a large answer."""
CURSOR_CHARS_MAX: Final = 512
"""Our longest cursor has about 100 characters."""
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
PLAIN_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PLAIN_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
"""RFC 3339. Pydantic would also take seconds since 1970, and times without a zone."""
YEARS: Final = range(2000, 3000)
"""Years that an instant may have: far from the calendar's ends, where zones overflow."""
PLAIN_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")

M = TypeVar("M", bound=BaseModel)


class Wrong(ValueError):
    """What is wrong with a field, in both languages.

    A check of several fields at once says by a JSON pointer `at` which of them is meant.
    """

    def __init__(self, en: str, *, zh: str, at: str = "") -> None:
        """Keep both; what pydantic reads of it is the English."""
        super().__init__(en)
        self.en, self.zh, self.at = en, zh, at


def plain_integer(given: object) -> object:
    """Refuse what pydantic would read kindly: ` 5`, `5.0`, `+5`, `1_0`, `05`."""
    if isinstance(given, str) and not PLAIN_INTEGER.fullmatch(given):
        raise Wrong("not a whole number", zh="应为整数")
    return given


def plain_flag(given: object) -> object:
    """Refuse what pydantic would read kindly: `yes`, `on`, `1`."""
    if isinstance(given, str) and given not in {"true", "false"}:
        raise Wrong("neither true nor false", zh="应为 true 或 false")
    return given


def plain_day(given: object) -> object:
    """Return the day; refuse what pydantic would read kindly: `"1577836800"`, a timestamp."""
    if not isinstance(given, str):
        return given
    if not PLAIN_DAY.fullmatch(given):
        raise Wrong("not a day, YYYY-MM-DD", zh="应为 YYYY-MM-DD 格式的日期")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Wrong("there is no such day", zh="没有这一天") from None


def plain_instant(given: object) -> object:
    """Return the time in UTC, so that the same instant written otherwise is the same request."""
    if not isinstance(given, str):
        return given
    if not PLAIN_INSTANT.fullmatch(given):
        raise Wrong("not an RFC 3339 time", zh="应为 RFC 3339 格式的时间")
    try:
        instant = datetime.fromisoformat(given.upper())
    except ValueError:
        raise Wrong("there is no such time", zh="没有这一时间") from None
    if instant.year not in YEARS:
        raise Wrong("not a time of this millennium", zh="应为 2000 至 2999 年之间的时间")
    return instant.astimezone(UTC)


Instant = Annotated[datetime, BeforeValidator(plain_instant)]
"""A time in a body; in UTC from here on."""
Day = Annotated[date, BeforeValidator(plain_day)]
"""A day of the calendar, in a body or a query."""
Integer = Annotated[int, BeforeValidator(plain_integer)]
"""A whole number in a query."""
Flag = Annotated[bool, BeforeValidator(plain_flag)]
"""`true` or `false` in a query."""
Currency = Annotated[str, Field(pattern=r"^[a-z]{3}$", examples=["cny"])]
"""An ISO 4217 code in lower case."""


class Body(BaseModel):
    """What callers send: strict, closed, frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class View(BaseModel):
    """What callers get: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Query(BaseModel):
    """What stands behind the question mark: texts, closed, frozen; by itself, nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class PageQuery(Query):
    """Which part of a list."""

    limit: Integer = Field(default=PAGE_DEFAULT, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(default=None, min_length=1, max_length=CURSOR_CHARS_MAX)


class MoneyIn(Body):
    """Money sent: whole minor units with their currency."""

    amount: int = Field(ge=0, le=MONEY_MAX, examples=[2990])
    currency: Currency

    def money(self) -> Money:
        """Return it as the kernel's word."""
        return Money(self.amount, self.currency)


class MoneyOut(View):
    """Money told: whole minor units with their currency."""

    amount: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> MoneyOut:
        """Return the kernel's word as an answer."""
        return cls(amount=money.amount, currency=money.currency)


CHINESE: Final[Mapping[str, str]] = {
    "bool_type": "应为布尔值",
    "date_type": "应为日期",
    "datetime_type": "应为时间",
    "dict_type": "应为对象",
    "enum": "不在允许的取值之内",
    "extra_forbidden": "未知字段",
    "greater_than": "数值过小",
    "greater_than_equal": "数值过小",
    "int_type": "应为整数",
    "less_than": "数值过大",
    "less_than_equal": "数值过大",
    "list_type": "应为数组",
    "literal_error": "不在允许的取值之内",
    "missing": "缺少必填字段",
    "model_type": "应为对象",
    "string_pattern_mismatch": "格式不正确",
    "string_too_long": "文字过长",
    "string_too_short": "文字过短",
    "string_type": "应为字符串",
    "too_long": "元素过多",
    "too_short": "元素过少",
}
"""The commonest of pydantic's errors in Chinese."""
EXTRA: Final = "Extra inputs are not permitted"
"""Pydantic's sentence for a field that nobody knows."""
NOT_SO: Final = "String is not of the form that the contract gives"
"""Pydantic would tell a regular expression."""
CHINESE_OTHERWISE: Final = "字段无效"


def read_json(payload: bytes) -> object:
    """Return a body's JSON, or refuse what cannot be read."""
    try:
        document: object = from_json(payload, allow_inf_nan=False)
    except ValueError as wrong:
        raise Malformed(reason=str(wrong)) from None
    return document


def read_body(model: type[M], payload: bytes, *, language: Language) -> M:
    """Return a body as its model."""
    document = read_json(payload)
    if isinstance(document, dict):
        refuse_a_crowd(model, document, language=language)
    try:
        return model.model_validate_json(payload)
    except ValidationError as wrong:
        raise InvalidFields(errors=errors_of(wrong, document, language=language)) from None


def refuse_a_crowd(
    model: type[BaseModel], document: dict[str, object], *, language: Language
) -> None:
    """Refuse an object that has more unknown fields than are told.

    Pydantic makes an error of each, a kilobyte of memory: of 4 MiB, more than a function has.
    """
    known = {field.alias or name for name, field in model.model_fields.items()}
    if len(document) <= len(known) + ERRORS_MAX:
        return
    unknown = [name for name in document if name not in known][:ERRORS_MAX]
    detail = EXTRA if language == "en" else CHINESE["extra_forbidden"]
    raise InvalidFields(errors=[error(f"/{escaped(name)}", detail) for name in unknown])


def read_query(model: type[M], query: Mapping[str, list[str]], *, language: Language) -> M:
    """Return the query as its model; a parameter given twice means nothing and is refused."""
    twice = [name for name, values in query.items() if len(values) != 1]
    if twice:
        detail = "given twice" if language == "en" else "重复给出"
        told = [error(f"/{escaped(name)}", detail) for name in twice[:ERRORS_MAX]]
        raise InvalidFields(errors=told)
    single = {name: values[0] for name, values in query.items()}
    try:
        return model.model_validate_strings(single)
    except ValidationError as wrong:
        raise InvalidFields(errors=errors_of(wrong, single, language=language)) from None


def errors_of(
    wrong: ValidationError, document: object, *, language: Language
) -> list[dict[str, str]]:
    """Return what is wrong, field by field, never quoting what was sent."""
    found = wrong.errors(include_url=False, include_input=False)
    return [_told(item, document, language=language) for item in found[:ERRORS_MAX]]


def _told(item: ErrorDetails, document: object, *, language: Language) -> dict[str, str]:
    pointer = pointer_to(item["loc"], document, missing=item["type"] == "missing")
    own = item.get("ctx", {}).get("error")
    if isinstance(own, Wrong):
        return error(pointer + own.at, own.en if language == "en" else own.zh)
    return error(pointer, detail_of(item, language))


def error(pointer: str, detail: str) -> dict[str, str]:
    """Return one member of `errors`."""
    return {"pointer": pointer, "detail": detail}


def detail_of(item: ErrorDetails, language: Language) -> str:
    """Return what pydantic found wrong as a person reads it."""
    if language == "en":
        return NOT_SO if item["type"] == "string_pattern_mismatch" else item["msg"]
    return CHINESE.get(item["type"], CHINESE_OTHERWISE)


def pointer_to(location: Sequence[int | str], document: object, *, missing: bool) -> str:
    """Return the JSON pointer of pydantic's location.

    A location also names the branch of a union that was tried; only steps that lead somewhere in
    the document count, and the last one where it names a field that is missing.
    """
    steps: list[str] = []
    for place, step in enumerate(location):
        if isinstance(document, dict) and (
            step in document or (missing and place == len(location) - 1)
        ):
            steps.append(escaped(str(step)))
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            steps.append(str(step))
            document = document[step]
    return "".join(f"/{step}" for step in steps)


def escaped(step: str) -> str:
    """Return a step of a JSON pointer as RFC 6901 writes it."""
    return step.replace("~", "~0").replace("/", "~1")
