"""A reward's stock over HTTP, for operators."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from chalicelib.catalog.restock import service
from chalicelib.catalog.restock.service import Request
from chalicelib.catalog.stock.model import Left
from chalicelib.catalog.stock.rules import UNITS_MAX, StockFull, StockUnlimited
from chalicelib.web.bodies import Body, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

STOCK_EXAMPLE: Final[Example] = {"made": 120, "free": 37, "taken": 83, "shards": 4}
ID_EXAMPLE: Final = {"id": "rwd_0Ab1Cd2Ef3G"}


class Addition(Body):
    """Units to add."""

    add: int = Field(ge=1, le=UNITS_MAX)


class StockView(View):
    """Units ever made, those that can be taken, those that were; and over how many shards."""

    made: int
    free: int
    taken: int
    shards: int

    @classmethod
    def of(cls, left: Left) -> StockView:
        """Return the units as an answer."""
        return cls(made=left.made, free=left.free, taken=left.taken, shards=len(left.shards))


@routes.get(
    "/admin/rewards/{id}/stock",
    roles=("marketing",),
    answer=StockView,
    summary="How many units of a reward are left",
    refusals=(StockUnlimited,),
    answer_example=STOCK_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def show(call: Call[None]) -> StockView:
    """Show a reward's units."""
    return StockView.of(service.stock_of(call.work, call.path["id"]))


@routes.post(
    "/admin/rewards/{id}/stock",
    roles=("marketing",),
    key=True,
    body=Addition,
    answer=StockView,
    summary="Add units to a reward",
    refusals=(StockUnlimited, StockFull),
    example={"add": 20},
    answer_example=STOCK_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def add(call: Call[Addition]) -> Answer:
    """Add units; they can be redeemed at once."""
    request = Request(call.identity.subject, call.route, call.key, call.fingerprint)
    restocked = service.add(call.work, request, reward_id=call.path["id"], units=call.body.add)
    return Answer(StockView.of(restocked.left), replayed=restocked.replayed)
