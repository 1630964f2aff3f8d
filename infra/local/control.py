"""The `/local` controls: tokens, the clock, jobs, payments and messages of a stack on one machine.

Never part of what Lambda ships. Nobody is asked for a token, which is why the stack listens on
this machine only, why a body has to call itself JSON, which no foreign page can send here without
asking first, and why a Host that is not this machine is refused: a page whose name was made to mean
this machine sends its own. All that a foreign page can do is run a job, which changes nothing that
its schedule would not.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Protocol, TypeVar

from pydantic import BaseModel, Field

from chalicelib.kernel.clock import Clock, rfc3339
from chalicelib.kernel.errors import (
    Forbidden,
    InvalidFields,
    MethodNotAllowed,
    NotFound,
    Refusal,
    TooLarge,
)
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.web.bodies import BODY_BYTES_MAX, Body, Wrong, read_body
from chalicelib.web.headers import language_of, require_json
from chalicelib.web.problems import Broken
from infra.local import jobs
from infra.local.exchange import Reply, Request, json_reply
from infra.local.issuer import Issuer
from infra.local.jobs import Scheduler
from infra.local.moved import Offset, duration
from infra.local.people import NotDone, People
from infra.local.problems import problem
from infra.local.routing import RouteMap

PREFIX: Final = "/local"
OUR_HOST: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
"""What a Host header says of a request that is meant for this machine, on any port."""
CHANNEL: Final = "channel:"
MEMBER: Final = "member"
ROLES_MAX: Final = 16
"""There are six words and a few partners."""

M = TypeVar("M", bound=BaseModel)
Answer = Callable[[Request], Reply]
Views = Mapping[str, Mapping[str, Answer]]
"""Controls by path and method."""
Role = Annotated[
    str,
    Field(
        pattern=r"^(member|marketing|support|finance|admin"
        rf"|partner:[A-Za-z0-9_-]{{1,64}}|channel:{GIVEN_NAME.pattern})$"
    ),
]
Subject = Annotated[str, Field(pattern=r"^[^\s\p{C}]{1,128}$")]
"""Printable characters without spaces, as identity providers give them: `lin@shop`, `auth0|5f`."""


class TimedApp(Scheduler, Protocol):
    """The program: its jobs and its clock."""

    clock: Clock


class TokenDraft(Body):
    """Whose token, with which roles."""

    subject: Subject
    roles: Annotated[list[Role], Field(max_length=ROLES_MAX)]


class Advance(Body):
    """By how much the clock moves on."""

    advance: Annotated[str, Field(max_length=64)]


class Control:
    """Answers what is under `/local`."""

    def __init__(
        self, *, people: People, issuer: Issuer, offset: Offset, app: TimedApp, others: Views
    ) -> None:
        self._people = people
        self._issuer = issuer
        self._clock = app.clock
        self._offset = offset
        self._app = app
        self._views: dict[str, Mapping[str, Answer]] = {
            f"{PREFIX}/token": {"POST": self._token},
            f"{PREFIX}/clock": {"GET": self._now, "POST": self._advance},
            f"{PREFIX}/jobs": {"GET": self._jobs},
            f"{PREFIX}/jobs/{{name}}": {"POST": self._run_job},
            **{PREFIX + path: views for path, views in others.items()},
        }
        self._routes = RouteMap(self._views)
        for model in (TokenDraft, Advance):
            model.model_rebuild()

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request; never raises."""
        language = request.header("Accept-Language")
        try:
            return self._handled(request)
        except NotDone as refused:
            return refused.reply
        except Refusal as refusal:
            return problem(refusal, accept_language=language)
        except Exception:  # noqa: BLE001 - the outermost edge
            traceback.print_exc(file=sys.stderr)
            return problem(Broken(), accept_language=language)

    def _handled(self, request: Request) -> Reply:
        host = request.header("Host")
        if host and not OUR_HOST.fullmatch(host):
            raise Forbidden
        match = self._routes.find(request.path)
        if match is None:
            raise NotFound
        views = self._views[match.template]
        view = views.get("GET" if request.method == "HEAD" else request.method)
        if view is None:
            offered = {*views, "HEAD"} if "GET" in views else views
            raise MethodNotAllowed(allow=", ".join(sorted(offered)))
        return view(request)

    def _token(self, request: Request) -> Reply:
        draft = _read(TokenDraft, request)
        channels = [role for role in draft.roles if role.startswith(CHANNEL)]
        if not channels:
            return self._person(draft)
        if len(set(draft.roles)) > 1:
            told = "a channel's token belongs to a machine: no other role"
            raise InvalidFields.at("/roles", told, zh="渠道令牌属于机器，不能有其他角色")
        client = self._people.introduce(channels[0].removeprefix(CHANNEL))
        return json_reply({"token": self._issuer.machine(client)})

    def _person(self, draft: TokenDraft) -> Reply:
        token = self._issuer.person(draft.subject, sorted(set(draft.roles)))
        if MEMBER not in draft.roles:
            return json_reply({"token": token})
        member_id = self._people.enrol(draft.subject, token)
        return json_reply({"token": token, "member_id": member_id})

    def _now(self, _: Request) -> Reply:
        return json_reply({"now": rfc3339(self._clock.now())})

    def _advance(self, request: Request) -> Reply:
        draft = _read(Advance, request)
        try:
            self._offset.advance(duration(draft.advance))
        except Wrong as wrong:
            raise InvalidFields.at("/advance", wrong.en, zh=wrong.zh) from None
        return self._now(request)

    def _jobs(self, _: Request) -> Reply:
        found = sorted(jobs.schedules(self._app).items())
        return json_reply({"items": [{"name": name, "schedule": when} for name, when in found]})

    def _run_job(self, request: Request) -> Reply:
        name = request.path.rstrip("/").rpartition("/")[2]
        jobs.run(self._app, name, now=self._clock.now())
        return json_reply({"name": name})


def _read(model: type[M], request: Request) -> M:
    """Return a body as its model, by the rules that the program has for its own."""
    if request.body_bytes > BODY_BYTES_MAX:
        raise TooLarge(bytes_max=BODY_BYTES_MAX)
    require_json(request.header("Content-Type"))
    return read_body(model, request.body, language=language_of(request.header("Accept-Language")))
