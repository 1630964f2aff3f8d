"""Lists as Stripe gives them: newest first, continued by id in both directions; and `expand`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.local.stripe.events import KEPT_SECONDS
from infra.local.stripe.refused import Complaint, Document, Refused, not_there
from infra.local.stripe.store import Query
from infra.local.stripe.world import Asked, World

LIMIT: Final = 10
FILTERS: Final = ("payment_intent", "charge", "type")
EXPANDABLE: Final = {
    "payment_intent": {"latest_charge": "charge"},
    "charge": {"payment_intent": "payment_intent"},
    "refund": {"payment_intent": "payment_intent", "charge": "charge"},
    "dispute": {"payment_intent": "payment_intent", "charge": "charge"},
    "event": {},
}
"""Which fields of which object hold an id that can be replaced by its object."""


def list_of(world: World, kind: str, *, asked: Asked) -> Document:
    """Return one page."""
    params = asked.params
    filters: dict[str, list[str]] = {name: [params[name]] for name in FILTERS if name in params}
    if kind == "refund":
        for name in filters:
            world.get(name, params[name])
    if "types" in params:
        filters["type"] = params["types"]
    bounds: Mapping[str, int] = params.get("created", {})
    if kind == "event":
        oldest = world.now() - KEPT_SECONDS
        bounds = {**bounds, "gte": max(oldest, bounds.get("gte", 0))}
    query = Query(
        object=kind,
        limit=params.get("limit", LIMIT),
        filters=filters,
        created=bounds,
        after=_place(world, kind, told=params.get("starting_after"), name="starting_after"),
        before=_place(world, kind, told=params.get("ending_before"), name="ending_before"),
    )
    found, has_more = world.store.page(query)
    return {"object": "list", "data": found, "has_more": has_more, "url": asked.about}


def _place(world: World, kind: str, *, told: str | None, name: str) -> int | None:
    if told is None:
        return None
    place = world.store.place(kind, told)
    if place is None:
        raise not_there(kind, told, param=name)
    return place


def expand(world: World, thing: Document, *, paths: list[str]) -> Document:
    """Return an object, or each of a list, with the asked ids replaced by their objects."""
    for path in paths:
        if thing["object"] != "list":
            thing = _expanded(world, thing, steps=path.split("."), path=path)
            continue
        first, *steps = path.split(".")
        if first != "data" or not steps:
            raise _not_expandable(path)
        items = [_expanded(world, item, steps=steps, path=path) for item in thing["data"]]
        thing = {**thing, "data": items}
    return thing


def _expanded(world: World, thing: Document, *, steps: list[str], path: str) -> Document:
    first, *rest = steps
    kind = EXPANDABLE[thing["object"]].get(first)
    if kind is None:
        raise _not_expandable(path)
    inner = thing[first]
    if inner is None:
        return thing
    whole = world.get(kind, inner) if isinstance(inner, str) else inner
    return {**thing, first: _expanded(world, whole, steps=rest, path=path) if rest else whole}


def _not_expandable(path: str) -> Refused:
    said = f"This property cannot be expanded ({path})."
    return Refused(Complaint(said, param="expand"))
