"""Whether the program answers. It reads nothing: a database that is down has its own alarm."""

from __future__ import annotations

from typing import Literal

from chalicelib.web.bodies import View
from chalicelib.web.calls import Call
from chalicelib.web.identity import PUBLIC
from chalicelib.web.routes import Routes

routes = Routes(__name__)


class HealthView(View):
    """That the program answers."""

    status: Literal["ok"]


@routes.get(
    "/health",
    roles=PUBLIC,
    summary="Tell whether the program answers",
    answer=HealthView,
    answer_example={"status": "ok"},
)
def health(call: Call[None]) -> HealthView:  # noqa: ARG001 - every view takes its call
    return HealthView(status="ok")
