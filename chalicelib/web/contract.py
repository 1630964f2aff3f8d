"""`GET /v1/openapi.json`: the contract, made from the routes when it is first asked for.

Making it takes a tenth of a second and imports what no other request needs, so neither is done at
the start.
"""

from __future__ import annotations

import json
from functools import cache

from pydantic import ConfigDict

from chalicelib.web.bodies import View
from chalicelib.web.calls import Answer, Cache, Call
from chalicelib.web.house import House
from chalicelib.web.identity import PUBLIC
from chalicelib.web.routes import Routes


class Document(View):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str


def published(app: House) -> Routes:
    """Return the route that serves an app's own document."""
    routes = Routes(__name__)

    @cache
    def text() -> str:
        from chalicelib.web.openapi import document  # noqa: PLC0415

        return json.dumps(document(app), ensure_ascii=False, separators=(",", ":"))

    @routes.get(
        "/openapi.json",
        roles=PUBLIC,
        summary="Read this document",
        answer=Document,
        tagged=True,
        answer_example={"openapi": "3.1.0"},
    )
    def openapi(call: Call[None]) -> Answer:  # noqa: ARG001 - every view takes its call
        return Answer(text(), cache=Cache(seconds=5))

    return routes
