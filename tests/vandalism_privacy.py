"""Corruptions of members who were erased: first somebody leaves properly, then something is left.

Nobody leaves in the history, so the copy is made to say that lin did, as the product would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests import invariants_privacy as privacy
from tests.mall import id_of
from tests.vandalism import Plants, alter, change, items, put, remove, s, strip

PERSONAL: Final = ("n", "e", "t", "b", "r", "ga")
INSTANT: Final = s("2026-11-22T00:00:00Z")


def leave() -> None:
    """Let lin leave, to whom everything was sent."""
    profile = items("profile", "lin")[0]
    kept = {name: profile[name] for name in profile if name not in PERSONAL}
    put(kept | {"x": INSTANT})
    left = [one for shape in ("address", "notice", "wishes") for one in items(shape, "lin")]
    for item in left + items("phone", m=id_of("lin")):
        remove(item)
    for order in items("order", "lin"):
        sent = {"fu": s("sent")} if order["fu"] == s("pending") else {}
        strip(order | sent, "tr")
    nothing: dict[str, Any] = {"a": {"N": "0"}, "d": {"M": {}}, "x": {"BOOL": True}}
    change("wallet", 0, "lin", **nothing)
    for column in ("wk", "wa"):
        strip(items("wallet", "lin")[0], column)
    change("entry", -1, "lin", k=s("erased"))
    row = items("audit")[0] | {"s": s("2026-11-21#00000001"), "u": s(id_of("lin"))}
    put(row | {"w": s("member.erase")})


def spoilt(spoil: Callable[[], None]) -> Callable[[], None]:
    """Return how lin leaves, and then something is spoilt."""

    def plant() -> None:
        leave()
        spoil()

    return plant


def item(sort: str, **columns: dict[str, Any]) -> Callable[[], None]:
    """Return how an item of lin's is put."""
    return lambda: put({"p": s(id_of("lin")), "s": s(sort), **columns})


ORDER: Final = "ord_00000000000000000000"

PLANTS: Final[Plants] = {
    "an erased member's birthday": (
        privacy.nothing_personal_is_left_of_the_erased,
        spoilt(lambda: change("profile", 0, "lin", b=s("1990-05-17"))),
    ),
    "an erased member's address": (
        privacy.nothing_more_goes_to_the_erased,
        spoilt(item(f"A#{ORDER}", b=s("{}"))),
    ),
    "an erased member's wishes": (
        privacy.nothing_personal_is_left_of_the_erased,
        spoilt(item("N", m={"BOOL": True})),
    ),
    "an erased member's phone": (
        privacy.nothing_personal_is_left_of_the_erased,
        spoilt(lambda: put({"p": s(f"phone#{'0' * 22}"), "s": s("M"), "m": s(id_of("lin"))})),
    ),
    "an erased member's parcel": (
        privacy.nothing_more_goes_to_the_erased,
        spoilt(lambda: change("order", 0, "lin", tr=s("left at the neighbour's"))),
    ),
    "a parcel that is still to be sent to an erased member": (
        privacy.nothing_more_goes_to_the_erased,
        spoilt(lambda: change("order", 0, "lin", fu=s("pending"))),
    ),
    "a notice to an erased member": (
        privacy.nothing_more_goes_to_the_erased,
        spoilt(item("N#J#000000000001#mail", k=s("frozen"))),
    ),
    "a tombstone of somebody who is there": (
        privacy.nothing_personal_is_left_of_the_erased,
        spoilt(lambda: strip(items("wallet", "lin")[0], "x")),
    ),
    "points of an erased member": (
        privacy.nothing_is_left_to_the_erased,
        spoilt(lambda: change("wallet", 0, "lin", a={"N": "1"})),
    ),
    "a day to look after an erased member": (
        privacy.nothing_is_left_to_the_erased,
        spoilt(lambda: change("wallet", 0, "lin", wa=s(f"2026-12-31#{id_of('lin')}"))),
    ),
    "an erasure that no entry tells of": (
        privacy.nothing_is_left_to_the_erased,
        spoilt(lambda: change("entry", -1, "lin", k=s("expiry"))),
    ),
    "an erasure that the log does not have": (
        privacy.nothing_is_left_to_the_erased,
        spoilt(lambda: remove(items("audit", w="member.erase")[0])),
    ),
    "an erasure of somebody who is there": (
        privacy.nothing_is_left_to_the_erased,
        spoilt(lambda: alter(items("audit", w="member.erase")[0], u=s(id_of("mei")))),
    ),
}
