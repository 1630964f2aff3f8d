"""A reward's stock over HTTP, for operators."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import Field

from chalicelib.catalog.restock import service
from chalicelib.catalog.restock.service import Request
from chalicelib.catalog.stock.model import Left
from chalicelib.catalog.stock.rules import UNITS_MAX, SoldOut, StockCoded, StockFull, StockUnlimited
from chalicelib.web.bodies import Body, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

STOCK_EXAMPLE: Final[Example] = {
    "made": 120,
    "free": 35,
    "taken": 83,
    "withdrawn": 2,
    "shards": 4,
}
ID_EXAMPLE: Final = {"id": "rwd_0Ab1Cd2Ef3G"}

B = TypeVar("B", bound=Body)


class Addition(Body):
    """Units to add."""

    add: int = Field(ge=1, le=UNITS_MAX)


class Withdrawal(Body):
    """Free units to take off the shelf for ever; of numbered ones 90 at most."""

    units: int = Field(ge=1, le=UNITS_MAX)


class StockView(View):
    """Units ever made: those that can be taken, that were, and that never will be.

    `shards` are the parts that hold them; of numbered units, blocks of a thousand.
    """

    made: int
    free: int
    taken: int
    withdrawn: int
    shards: int

    @classmethod
    def of(cls, left: Left) -> StockView:
        """Return the units as an answer."""
        return cls(
            made=left.made,
            free=left.free,
            taken=left.taken,
            withdrawn=left.withdrawn,
            shards=len(left.shards),
        )


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
    refusals=(StockUnlimited, StockCoded, StockFull),
    example={"add": 20},
    answer_example=STOCK_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def add(call: Call[Addition]) -> Answer:
    """Add units; they can be redeemed at once."""
    added = service.add(call.work, _request(call), reward_id=call.path["id"], units=call.body.add)
    return Answer(StockView.of(added.left), replayed=added.replayed)


@routes.post(
    "/admin/rewards/{id}/stock/withdraw",
    roles=("marketing",),
    key=True,
    body=Withdrawal,
    answer=StockView,
    summary="Take free units off the shelf for ever",
    refusals=(StockUnlimited, SoldOut),
    example={"units": 2},
    answer_example=STOCK_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def withdraw(call: Call[Withdrawal]) -> Answer:
    """Withdraw units that nobody has redeemed."""
    withdrawn = service.withdraw(
        call.work, _request(call), reward_id=call.path["id"], units=call.body.units
    )
    return Answer(StockView.of(withdrawn.left), replayed=withdrawn.replayed)


def _request(call: Call[B]) -> Request:
    return Request(call.identity.subject, call.route, call.key, call.fingerprint)
