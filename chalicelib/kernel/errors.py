"""Every way in which Jifen says no.

A refusal has a kind (what sort of no it is; `web` maps kinds to HTTP statuses), a stable code
(what a client's program may test) and facts (what a person needs to act on it). Its sentence
stands here in both languages, because a member reads it::

    Refusal
    ├── Malformed                 MALFORMED      the request cannot be read
    ├── InvalidFields             RULE           a field is wrong; `errors` points at it
    ├── Unauthenticated           UNAUTHENTICATED
    ├── Forbidden                 FORBIDDEN      ├── MemberFrozen
    ├── NotFound                  NOT_FOUND      ├── NotEnrolled
    ├── Conflict                  CONFLICT       ├── SoldOut, PurchaseConflict, …
    ├── RuleRefusal               RULE           ├── InsufficientPoints, LimitReached, …
    ├── TooMany                   TOO_MANY
    └── Unavailable               UNAVAILABLE    └── Contended

Capabilities subclass these beside the rules that raise them. Only the edges catch `Refusal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, Final, Literal

from typing_extensions import override

Language = Literal["zh-CN", "en"]
Fact = str | int | bool | None | list[str] | list[dict[str, str]]

RETRY_AFTER_SECONDS: Final = 1
"""What a client that lost a race is told to wait: longer than a burst, shorter than patience."""


class Kind(Enum):
    """The sort of a refusal. `web.problems` owns the map to HTTP statuses."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD = "method"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    RULE = "rule"
    PRECONDITION = "precondition"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Refusal(Exception):
    """A no with a kind, a stable code, a sentence in both languages and the facts."""

    kind: ClassVar[Kind]
    code: ClassVar[str]
    en: ClassVar[str]
    zh: ClassVar[str]

    def __init__(self, **facts: Fact) -> None:
        """Keep the facts; they become members of the problem answer and fill the sentence."""
        super().__init__(self.code)
        self.facts: Mapping[str, Fact] = facts

    def sentence(self, language: Language) -> str:
        """Return what a person reads, with the facts filled in."""
        facts = {name: _read(fact, language) for name, fact in self.facts.items()}
        return (self.zh if language == "zh-CN" else self.en).format_map(facts)

    def told(self, language: Language) -> Mapping[str, Fact]:  # noqa: ARG002 - most read alike
        """Return the facts as members of the problem answer."""
        return self.facts


def _read(fact: Fact, language: Language) -> object:
    """Return a fact as it stands in a sentence; the names of a list follow one another."""
    if not isinstance(fact, list):
        return fact
    comma, none = ("、", "无") if language == "zh-CN" else (", ", "none")
    return comma.join(map(str, fact)) or none


class Malformed(Refusal):
    """The bytes are no JSON, no UTF-8, or nested beyond reading."""

    kind = Kind.MALFORMED
    code = "malformed"
    en = "The request cannot be read: {reason}."
    zh = "无法读取请求：{reason}。"


class KeyRequired(Refusal):
    """A call that moves points, stock or money came without an Idempotency-Key."""

    kind = Kind.MALFORMED
    code = "idempotency_key_required"
    en = "This call needs an Idempotency-Key header."
    zh = "此请求需要 Idempotency-Key 请求头。"


class KeyInvalid(Refusal):
    """The Idempotency-Key is not 1 to 64 of the allowed characters."""

    kind = Kind.MALFORMED
    code = "idempotency_key_invalid"
    en = "An Idempotency-Key has 1 to 64 letters, digits, hyphens or underscores."
    zh = "Idempotency-Key 由 1 至 64 个字母、数字、连字符或下划线组成。"


class Unauthenticated(Refusal):
    """No token, or one that this program does not accept."""

    kind = Kind.UNAUTHENTICATED
    code = "unauthenticated"
    en = "Sign in first: the access token is missing, expired or not ours."
    zh = "请先登录：访问令牌缺失、过期或无效。"


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    kind = Kind.FORBIDDEN
    code = "forbidden"
    en = "This account may not do that."
    zh = "此账号无权进行该操作。"


class NotFound(Refusal):
    """No such thing, or it belongs to somebody else: the two are not told apart."""

    kind = Kind.NOT_FOUND
    code = "not_found"
    en = "There is nothing here by that name."
    zh = "没有找到对应的内容。"


class NotEnrolled(NotFound):
    """A signed-in person who has not joined the program yet."""

    code = "not_enrolled"
    en = "You have not joined the program yet."
    zh = "您尚未加入积分计划。"


class MethodNotAllowed(Refusal):
    """The path exists, the method does not."""

    kind = Kind.METHOD
    code = "method_not_allowed"
    en = "This address does not take that method."
    zh = "该地址不支持此方法。"


class Conflict(Refusal):
    """A lost race or a wrong state; subclasses name it, and only they are raised."""

    kind = Kind.CONFLICT


class Stale(Refusal):
    """An If-Match that no longer names the present version."""

    kind = Kind.STALE
    code = "stale"
    en = "Someone has changed this since you read it; read it again."
    zh = "内容已被他人修改，请重新读取。"


class MatchRequired(Refusal):
    """A PUT whose If-Match is missing, or names no version."""

    kind = Kind.PRECONDITION
    code = "if_match_required"
    en = "This call needs an If-Match header with the ETag you read; * is not accepted."
    zh = "此请求需要 If-Match 请求头（填写读取时的 ETag，不能为 *）。"


class TooLarge(Refusal):
    """A body beyond what the gateway or the function takes."""

    kind = Kind.TOO_LARGE
    code = "too_large"
    en = "The request is too large: at most {bytes_max} bytes."
    zh = "请求过大：最多 {bytes_max} 字节。"


class UnsupportedMedia(Refusal):
    """A body that does not call itself JSON."""

    kind = Kind.UNSUPPORTED
    code = "unsupported_media_type"
    en = "Send the body as application/json."
    zh = "请以 application/json 发送请求体。"


class RuleRefusal(Refusal):
    """A rule of the program says no; subclasses name it, and only they are raised."""

    kind = Kind.RULE


class LimitReached(RuleRefusal):
    """More than may be had, or done, in a period; `resets_at` says when the next one begins."""

    code = "limit_reached"
    en = "This is limited to {limit} in this period; you have {used}."
    zh = "此项在此期间的上限为 {limit}，您已用 {used}。"


class InvalidFields(RuleRefusal):
    """Fields that are unknown, of the wrong type or out of range."""

    code = "invalid"
    en = "Some fields are not valid."
    zh = "部分字段无效。"

    def __init__(self, *, chinese: list[dict[str, str]] | None = None, **facts: Fact) -> None:
        """Keep the errors, and the same in Chinese where they are not in the caller's language."""
        super().__init__(**facts)
        self._chinese = chinese

    @classmethod
    def at(cls, pointer: str, detail: str, *, zh: str) -> InvalidFields:
        """Return the refusal of one field, named by its JSON pointer, in both languages."""
        told = [{"pointer": pointer, "detail": detail}]
        return cls(errors=told, chinese=[{"pointer": pointer, "detail": zh}])

    @override
    def told(self, language: Language) -> Mapping[str, Fact]:
        return {"errors": self._chinese} if self._chinese and language == "zh-CN" else self.facts


class KeyReused(RuleRefusal):
    """The Idempotency-Key was spent on another request."""

    code = "idempotency_key_reused"
    en = "This Idempotency-Key was already used for a different request."
    zh = "该 Idempotency-Key 已用于另一个请求。"


class TooMany(Refusal):
    """Too many wrong tries."""

    kind = Kind.TOO_MANY
    code = "too_many_tries"
    en = "Too many wrong tries. Try again in {retry_after_seconds} seconds."
    zh = "尝试次数过多，请在 {retry_after_seconds} 秒后重试。"


class Unavailable(Refusal):
    """Something we depend on does not answer; nothing is known to have been done."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"
    en = "The service is not available right now. Try again with the same key."
    zh = "服务暂时不可用，请使用相同的 Idempotency-Key 重试。"

    def __init__(self, **facts: Fact) -> None:
        """Add how long to wait, unless the caller knows better."""
        super().__init__(**{"retry_after_seconds": RETRY_AFTER_SECONDS, **facts})


class Contended(Unavailable):
    """Too many wrote the same thing at once; told to come back, never told wrong."""

    code = "contended"
    en = "Too many requests for the same thing at once. Try again with the same key."
    zh = "同一时间的请求过多，请使用相同的 Idempotency-Key 重试。"
