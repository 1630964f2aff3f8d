"""Corruptions of orders: their ways, what they hold, what came back, limits and addresses."""

from __future__ import annotations

from typing import Any, Final

from tests import invariants_cash as cash
from tests import invariants_limits as limits
from tests import invariants_orders as orders
from tests.vandalism import Columns, Plants, alter, change, drop, items, m, n, order, put, remove, s
from tests.vandalism import strip as without
from tests.vandalism_members import REDEEMED, REFUNDED, entry


def mine(**columns: dict[str, Any]) -> None:
    """Change lin's order of two mugs."""
    change("order", 0, "lin", **columns)


def parts() -> Columns:
    """Return the order of three of which one came back, and another one to be sold again."""
    return order(st="partly_refunded", m="counted")


def mei(reason: str) -> Columns:
    return items("entry", "mei", k=reason)[0]


def audit(what: str) -> Columns:
    return items("audit", w=what)[0]


def verdict(decision: str) -> Columns:
    found = items("audit", w="order.review")
    return next(row for row in found if decision in row["a"]["S"])


def refund(**columns: object) -> Columns:
    return items("order refund", **columns)[0]


PLANTS: Final[Plants] = {
    "an order with cash that nobody paid": (
        cash.what_is_given_was_paid,
        lambda: mine(ca=n(2990), cc=s("cny"), at=n(1)),
    ),
    "an order paid that costs no cash": (
        cash.what_is_given_was_paid,
        lambda: entry(REDEEMED, k=s("order_paid")),
    ),
    "cash of no currency": (cash.what_is_given_was_paid, lambda: mine(cc=s("cny"))),
    "cash that came back and was never paid": (
        cash.cash_comes_back_in_the_proportion_paid,
        lambda: mine(cb=n(1)),
    ),
    "a refund of cash without cash": (
        cash.cash_comes_back_in_the_proportion_paid,
        lambda: alter(refund(), at=n(1)),
    ),
    "a refund that the job does not find": (
        cash.refunds_wait_until_their_cash_is_back,
        lambda: alter(refund(), sa=s("pending")),
    ),
    "an order with cash that no entry is found by": (
        cash.orders_with_cash_are_found_by_time,
        lambda: mine(ca=n(2990), cc=s("cny"), at=n(1)),
    ),
    "an entry found by time for nothing": (
        cash.orders_with_cash_are_found_by_time,
        lambda: entry(REDEEMED, wk=s("cash#0"), wa=s("2026-11-21T04:00:00.000000Z#ord_1")),
    ),
    "an order without a redemption": (
        orders.orders_and_entries_agree,
        lambda: entry(REDEEMED, k=s("purchase")),
    ),
    "a redemption without an order": (
        orders.orders_and_entries_agree,
        lambda: drop("order", 0, "lin"),
    ),
    "two redemptions of one order": (
        orders.orders_and_entries_agree,
        lambda: entry(REFUNDED, k=s("redemption"), o=items("entry", "lin")[REDEEMED]["o"]),
    ),
    "an order at another price": (orders.orders_and_entries_agree, lambda: mine(b=n(198))),
    "an order with another date": (
        orders.orders_and_entries_agree,
        lambda: mine(d=m(_281231=200)),
    ),
    "an order that is not settled": (
        orders.orders_and_entries_agree,
        lambda: mine(st=s("cancelled")),
    ),
    "an order in a state that there is not": (
        orders.orders_hold_what_did_not_come_back,
        lambda: mine(st=s("lost")),
    ),
    "a redemption that takes more than its order": (
        orders.orders_and_entries_agree,
        lambda: entry(REDEEMED, d=m(_281130=-200, _281231=-1)),
    ),
    "a cancelled order whose points did not come back": (
        orders.orders_and_entries_agree,
        lambda: alter(mei("cancellation"), k=s("purchase")),
    ),
    "a rejected order that counts as approved": (
        orders.orders_and_entries_agree,
        lambda: alter(mei("order_rejected"), k=s("order_approved")),
    ),
    "an approved order whose points are still held": (
        orders.orders_and_entries_agree,
        lambda: alter(mei("order_approved"), g=m()),
    ),
    "a waiting order whose points are redeemed": (
        orders.orders_and_entries_agree,
        lambda: alter(items("entry", "mei", k="order_held")[-1], k=s("redemption")),
    ),
    "an order that settled at another time": (
        orders.orders_and_entries_agree,
        lambda: mine(sa=s("2026-12-31T04:00:01.000000Z")),
    ),
    "a refunded order that is settled": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(order(st="refunded"), st=s("settled")),
    ),
    "a part that makes a whole": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(parts(), st=s("refunded")),
    ),
    "a cancelled order that keeps units": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(order(st="cancelled"), u=m(_0=1)),
    ),
    "a cancelled order whose codes were seen": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(order(st="cancelled"), c={"BOOL": True}),
    ),
    "a cancelled order that was sent": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(order(st="cancelled", n=3), fu=s("sent")),
    ),
    "fetched codes of an order without any": (
        orders.orders_hold_what_did_not_come_back,
        lambda: mine(c={"BOOL": True}),
    ),
    "points that came back and stayed": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(parts(), d=m(_281130=11)),
    ),
    "more points back than units": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(parts(), br=n(21)),
    ),
    "an order that waits without a deadline": (
        orders.orders_hold_what_did_not_come_back,
        lambda: without(order(st="in_review"), "dl"),
    ),
    "an order that the job does not find": (
        orders.orders_hold_what_did_not_come_back,
        lambda: without(order(st="in_review"), "wk"),
    ),
    "an order that the job finds too late": (
        orders.orders_hold_what_did_not_come_back,
        lambda: alter(order(st="in_review"), wa=s("2099-01-01T00:00:00.000000Z#ord_1")),
    ),
    "an order that waits for nothing": (
        orders.orders_hold_what_did_not_come_back,
        lambda: mine(wk=s("review#0"), wa=s("2026-11-21T04:00:00.000000Z#ord_1")),
    ),
    "points that came back with a later date": (
        orders.what_comes_back_keeps_its_dates,
        lambda: alter(mei("order_refund"), d=m(_301231=10)),
    ),
    "points that a member's own wish revived": (
        orders.what_comes_back_keeps_its_dates,
        lambda: alter(mei("cancellation"), d=m(_270107=30)),
    ),
    "more points of a date than were taken": (
        orders.what_comes_back_keeps_its_dates,
        lambda: alter(mei("cancellation"), d={"M": {_date(mei("cancellation")): n(31)}}),
    ),
    "points that came back and are still in the order": (
        orders.what_comes_back_keeps_its_dates,
        lambda: alter(parts(), d={"M": {_date(mei("order_refund")): n(30)}}),
    ),
    "a refund of an order without an entry": (
        orders.refunds_make_what_came_back,
        lambda: alter(mei("order_refund"), x=s("rfd_1")),
    ),
    "an entry without a refund of an order": (
        orders.refunds_make_what_came_back,
        lambda: drop("order refund"),
    ),
    "a refund of other points of an order": (
        orders.refunds_make_what_came_back,
        lambda: alter(refund(), b=n(11)),
    ),
    "a refund of other units": (
        orders.refunds_make_what_came_back,
        lambda: alter(refund(n=1), n=n(2)),
    ),
    "a refund of another order": (
        orders.refunds_make_what_came_back,
        lambda: alter(refund(), o=s("ord_00000000000000000000")),
    ),
    "a refund that paid another debt": (
        orders.refunds_make_what_came_back,
        lambda: alter(refund(d=50), d=n(49)),
    ),
    "an order that forgets the debt it paid": (
        orders.refunds_make_what_came_back,
        lambda: without(items("order", "zhou")[0], "o"),
    ),
    "an order that was cancelled and refunded": (
        orders.refunds_make_what_came_back,
        lambda: alter(order(st="refunded"), st=s("cancelled")),
    ),
    "a refund that the log does not have": (
        orders.deeds_at_the_desk_are_in_the_log,
        lambda: remove(audit("order.refund")),
    ),
    "a refund that is restocked only in the log": (
        orders.deeds_at_the_desk_are_in_the_log,
        lambda: alter(audit("order.refund"), u=order(st="refunded")["s"]),
    ),
    "an approval that the log does not have": (
        orders.deeds_at_the_desk_are_in_the_log,
        lambda: remove(verdict("approve")),
    ),
    "an approval that is only in the log": (
        orders.deeds_at_the_desk_are_in_the_log,
        lambda: alter(verdict("reject"), a=verdict("approve")["a"]),
    ),
    "a rejection that is only in the log": (
        orders.deeds_at_the_desk_are_in_the_log,
        lambda: alter(verdict("reject"), u=s("ord_00000000000000000000")),
    ),
    "a counter that misses a unit": (
        limits.limits_count_orders,
        lambda: change("limit", 0, "lin", n=n(1)),
    ),
    "a counter that is gone": (
        limits.limits_count_orders,
        lambda: drop("limit", -1, "lin"),
    ),
    "an order past its limit": (limits.limits_count_orders, lambda: mine(n=n(4))),
    "an order that its period does not count": (
        limits.limits_count_orders,
        lambda: without(items("order", "lin")[0], "lp"),
    ),
    "a cancelled order that a period counts": (
        limits.limits_count_orders,
        lambda: alter(order(st="cancelled", n=3), lp=s("e")),
    ),
    "a counter that keeps what was restocked": (
        limits.limits_count_orders,
        lambda: alter(refund(r=True, o=parts()["s"]["S"][2:]), r={"BOOL": False}),
    ),
    "an order of a version that nobody made": (
        limits.limits_count_orders,
        lambda: mine(wv=n(9)),
    ),
    "points that expired nowhere": (
        orders.orders_and_entries_agree,
        lambda: alter(order(st="cancelled"), x=n(1)),
    ),
    "an order that forgets what expired of it": (
        orders.orders_and_entries_agree,
        lambda: without(items("order", "ren")[0], "x"),
    ),
    "a cancelled order that is to be sent": (
        limits.addresses_belong_to_orders,
        lambda: alter(order(st="cancelled", n=3), fu=s("pending")),
    ),
    "an order without its address": (
        limits.addresses_belong_to_orders,
        lambda: drop("address", 0, "lin"),
    ),
    "an address of an order without one": (
        limits.addresses_belong_to_orders,
        lambda: mine(fu=s("none")),
    ),
    "an address of nothing": (
        limits.addresses_belong_to_orders,
        lambda: put(items("address")[0] | {"s": s("A#ord_00000000000000000000")}),
    ),
}


def _date(item: Columns) -> str:
    """Return the one date that an entry names."""
    (day,) = item["d"]["M"]
    return str(day)
