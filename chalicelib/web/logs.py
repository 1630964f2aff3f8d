"""One JSON line a request, by aws-lambda-powertools.

A line says the request id, the route's template, the status, how long it took, the code of a
refusal, and the order where a view names it. It never holds a subject, a name, a token or a body,
so an exception is told by its type and the places it passed, not by its message: messages quote
the data that upset them.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, TextIO

from typing_extensions import override

from chalicelib.web.events import Reply, Request

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

FRAMES_MAX: Final = 12
"""The innermost places told of one exception: enough to find the line, short enough for a log."""
CAUSES_MAX: Final = 5


class StandardOutput(logging.StreamHandler[TextIO]):
    """Writes to whatever `sys.stdout` is at the time, which tests and servers replace."""

    def __init__(self) -> None:
        """Begin on the present standard output."""
        super().__init__(sys.stdout)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stdout
        super().emit(record)


@cache
def logger() -> Logger:
    """Return the process's logger, made at the first line: its import costs 6 ms."""
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    return Logger(service="jifen", utc=True, logger_handler=StandardOutput(), location=None)


def tell_request(request: Request, reply: Reply, *, route: str, seconds: float) -> None:
    """Write the line of one request."""
    line: dict[str, object] = {
        "request_id": request.id,
        "route": route,
        "status": reply.status,
        "duration_ms": round(seconds * 1000, 2),
        **reply.about,
    }
    if reply.code:
        line["code"] = reply.code
    logger().info("request", extra=line)


def tell_job(name: str, counts: Mapping[str, int], *, seconds: float) -> None:
    """Write the line of one run of a job."""
    told = {"job": name, "duration_ms": round(seconds * 1000, 2), **counts}
    logger().info("job", extra=told)


def tell_progress(name: str, counts: Mapping[str, int]) -> None:
    """Write how far a run of a job is that goes on."""
    logger().info("job goes on", extra={"job": name, **counts})


def tell_failed(name: str, error: BaseException) -> None:
    """Write the line of one thing that a job could not do."""
    told = {"about": name, "error": type(error).__name__, "causes": causes(error)}
    logger().error("job failed for one", extra=told | {"places": places(error)})


def tell_failure(request: Request, error: BaseException, *, route: str) -> None:
    """Write the line of an exception that nobody expected."""
    told = {
        "request_id": request.id,
        "route": route,
        "error": type(error).__name__,
        "causes": causes(error),
        "places": places(error),
    }
    logger().error("unexpected", extra=told)


def alarm(name: str, **facts: str | int) -> None:
    """Write the line that wakes somebody: ids and Stripe's own words, nothing personal or secret.

    The log's metric filter looks for `alarm`, whatever it is called.
    """
    logger().error("alarm", extra={"alarm": name, **facts})


def causes(error: BaseException) -> list[str]:
    """Return the types of what an exception came from, nearest first."""
    names: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(names) < CAUSES_MAX:
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return names


def places(error: BaseException) -> list[str]:
    """Return where an exception passed, innermost last, without any values."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
