"""What a view is handed, and what it hands back.

A view is a function from a `Call` to a view model, or to an `Answer` where status or headers
differ from what its route declares. It reads the call, calls one use case, and says what came of
it; reading and refusing bodies, roles, keys and versions has happened before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic

from pydantic import BaseModel
from typing_extensions import TypeVar

from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.queue.port import Queue
from chalicelib.kernel.errors import Language
from chalicelib.storage.work import Work
from chalicelib.web.bodies import Query
from chalicelib.web.identity import Identity

CACHE_SECONDS_MAX: Final = 5
"""How long a page may be cached (the rules of the program)."""

B = TypeVar("B", default=None)
Q = TypeVar("Q", default=Query)


@dataclass(frozen=True, slots=True)
class Raw:
    """A request whose signature covers its bytes: those bytes, and the headers in lower case."""

    payload: bytes
    headers: Mapping[str, str]


NOTHING_RAW: Final = Raw(b"", {})


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom the app talks to, each made when it is first needed."""

    payments: Callable[[], Payments]
    queue: Callable[[], Queue]


@dataclass(frozen=True, slots=True)
class Call(Generic[B, Q]):
    """One call of a route: `Call[OrderDraft]`, or `Call[None, PageQuery]` for a list.

    `outside` gives whom the app talks to. `path` is percent-decoded. `key` is the Idempotency-Key,
    empty where none is asked for. `route` is the template, `POST /v1/orders`. `fingerprint` is the
    SHA-256 of method, concrete path and the parsed body. `language` is the answer's, `asked` the
    one of ours that the caller's header names, if any. `if_match` is the version that the caller
    read, 0 where none is asked for. `raw` is there where the view reads the bytes itself.
    """

    work: Work
    outside: Outside
    identity: Identity
    path: Mapping[str, str]
    body: B
    query: Q
    key: str
    route: str
    fingerprint: bytes
    language: Language
    asked: Language | None
    if_match: int
    if_none_match: str
    raw: Raw = NOTHING_RAW

    @property
    def payments(self) -> Payments:
        """Return whoever takes money."""
        return self.outside.payments()

    @property
    def queue(self) -> Queue:
        """Return where messages are kept until they are worked off."""
        return self.outside.queue()


@dataclass(frozen=True, slots=True)
class Cache:
    """How a page may be kept: for how many seconds, by whom. It then carries an ETag."""

    seconds: int
    private: bool = False

    def __post_init__(self) -> None:
        """Hold the rule of the program."""
        assert 0 <= self.seconds <= CACHE_SECONDS_MAX, "a page is cached for 5 seconds at most"

    def headers(self) -> dict[str, str]:
        """Return the headers that say so; a page's texts follow the caller's language."""
        return {
            "Cache-Control": f"{'private' if self.private else 'public'}, max-age={self.seconds}",
            "Vary": "Authorization, Accept-Language" if self.private else "Accept-Language",
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that says more than its body.

    `body`: a view, or JSON already written. `status`: other than the declared one. `version`: of an
    operator's document, told as its ETag. `replayed`: this was done before. `about`: what the log
    may say, such as `{"order_id": "ord_…"}`.
    """

    body: BaseModel | str
    status: int = 0
    version: int = 0
    replayed: bool = False
    cache: Cache | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
