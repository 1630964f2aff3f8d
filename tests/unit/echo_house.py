"""A small app for tests of the local gateway and server: it tells what reached it."""

from __future__ import annotations

import os
import time
from typing import Final

from chalicelib.web import health
from chalicelib.web.bodies import View
from chalicelib.web.calls import Call
from chalicelib.web.house import House
from chalicelib.web.identity import PUBLIC
from chalicelib.web.routes import Routes

SLOW_SECONDS: Final = 0.5


class Echo(View):
    """What a call said."""

    name: str


def an_echo_house() -> House:
    """Return a house whose route says the name in its path, a moment later."""
    routes = Routes("echo")

    @routes.get(
        "/echo/{name}",
        roles=PUBLIC,
        summary="Echo",
        answer=Echo,
        answer_example={"name": "a"},
        path_example={"name": "a"},
    )
    def echo(call: Call[None]) -> Echo:
        # Long enough for other threads to come in between.
        time.sleep(SLOW_SECONDS if call.path["name"] == "slow" else 0.001)
        name = call.path["name"]
        return Echo(name=str(os.getpid()) if name == "process" else name)

    app = House(app_name="echo")
    app.register_blueprint(health.routes)
    app.register_blueprint(routes)
    return app


house = an_echo_house()
"""For a worker, which takes its app by name."""
