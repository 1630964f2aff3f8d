"""Orders over HTTP: a member's list and each of its orders, and how operators see them."""

from __future__ import annotations

from chalicelib.kernel.errors import NotEnrolled, NotFound
from chalicelib.ledger.members import service as members
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.views import (
    FILE_EXAMPLE,
    ID_EXAMPLE,
    ORDER_EXAMPLE,
    OrderDetail,
    OrderFile,
    OrderView,
    address_of,
)
from chalicelib.redeem.progress import service
from chalicelib.web.bodies import PageQuery
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Routes

routes = Routes(__name__)


@routes.get(
    "/orders",
    roles=("member",),
    query=PageQuery,
    answer=Paged[OrderView],
    summary="My orders, newest first",
    refusals=(NotEnrolled,),
    answer_example={"items": [ORDER_EXAMPLE], "next_cursor": None},
)
def list_orders(call: Call[None, PageQuery]) -> Paged[OrderView]:
    """Answer one page of the member's orders."""
    page = service.page(
        call.work,
        call.payments,
        member_id=members.member_of(call.identity.subject),
        limit=call.query.limit,
        after=position_of(call),
    )
    return paged(call, page, view=OrderView.of)


@routes.get(
    "/orders/{id}",
    roles=("member",),
    answer=OrderDetail,
    summary="One of my orders",
    refusals=(NotEnrolled, NotFound),
    path_example=ID_EXAMPLE,
    answer_example={**ORDER_EXAMPLE, "address": None},
)
def show(call: Call[None]) -> Answer:
    """Answer one order and its address; anybody else's is not found."""
    member_id = members.member_of(call.identity.subject)
    order = orders.of_member(call.work, member_id, order_id=call.path["id"])
    current = service.look(call.work, call.payments, order=order)
    shown = orders.shown(call.work, current.order)
    told = OrderView.of(current.order, client_secret=current.client_secret)
    view = OrderDetail(**dict(told), address=address_of(shown))
    return Answer(view, about={"order_id": order.id})


@routes.get(
    "/admin/orders/{id}",
    roles=("support", "finance"),
    answer=OrderFile,
    summary="An order as operators see it",
    refusals=(NotFound,),
    path_example=ID_EXAMPLE,
    answer_example=FILE_EXAMPLE,
)
def show_file(call: Call[None]) -> Answer:
    """Answer any order to an operator."""
    found = orders.find(call.work, call.path["id"])
    order = service.look(call.work, call.payments, order=found).order
    view = OrderFile.of_shown(orders.shown(call.work, order))
    return Answer(view, about={"order_id": order.id})
