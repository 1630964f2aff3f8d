"""What each Lambda function may do with the table, and what it does there, call by call.

    with watched(app) as used:
        …
    assert used["relay"] <= granted("relay")

A function's policy is what `.chalice/config.json` names; what it does is what botocore is asked to
do while the function runs. A right is an action and what it is done to, the table or an index of
it. A transaction needs the right to each of its parts and none of its own (the developer guide,
"Using IAM with DynamoDB transactions").
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chalicelib.storage.table import connection
from chalicelib.web.house import House
from infra.local.engines import ROOT

Right = tuple[str, str]
TABLE: Final = "Table"
PARTS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
CONFIG: Final = ROOT / ".chalice" / "config.json"
WITHOUT_TABLE: Final = "authorizer"


def policies() -> dict[str, Path]:
    """Return every function that is deployed: name to policy."""
    (stage,) = json.loads(CONFIG.read_text())["stages"].values()
    told = stage["lambda_functions"]
    return {name: CONFIG.parent / one["iam_policy_file"] for name, one in told.items()}


def granted(function: str) -> set[Right]:
    """Return a function's rights to the table and its indexes.

    Those to the stream are left out: Lambda reads it with them before it calls the function.
    """
    return set(_granted(json.loads(policies()[function].read_text())))


@dataclass
class Watch:
    """Who runs, and what each one did so far."""

    function: str
    used: defaultdict[str, set[Right]] = field(default_factory=lambda: defaultdict(set))

    def before(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        """Note the rights that a call needs."""
        if self.function:
            self.used[self.function].update(_needed(model.name, params))

    def handler(self, name: str, beneath: Callable[..., Any]) -> Callable[..., Any]:
        """Return what Lambda calls, with its calls put down to it."""

        def run(*given: object) -> Any:
            before, self.function = self.function, name
            try:
                return beneath(*given)
            finally:
                self.function = before

        return run


@contextmanager
def watched(app: House, *, besides: str = "") -> Iterator[Mapping[str, set[Right]]]:
    """Collect the rights that each background function uses.

    `besides`: the function that whatever is called outside of them is put down to.
    """
    watch, before = Watch(besides), dict(app.handler_map)
    for source in app.event_sources:
        app.handler_map[source.name] = watch.handler(source.name, before[source.name])
    events = connection().connection.client.meta.events
    # The stubs know only handlers that take every argument.
    noting: Any = watch.before
    events.register("provide-client-params.dynamodb", noting)
    try:
        yield watch.used
    finally:
        events.unregister("provide-client-params.dynamodb", noting)
        app.handler_map.update(before)


@contextmanager
def within_rights(app: House) -> Iterator[None]:
    """Require that no background function does what it has no right to."""
    with watched(app) as used:
        yield
    for function, rights in used.items():
        assert rights <= granted(function), function


def _needed(call: str, params: Mapping[str, Any]) -> Iterator[Right]:
    if call == "TransactWriteItems":
        yield from ((PARTS[kind], TABLE) for part in params["TransactItems"] for kind in part)
    elif call == "TransactGetItems":
        yield ("GetItem", TABLE)
    else:
        yield (call, params.get("IndexName", TABLE))


def _granted(policy: Mapping[str, Any]) -> Iterator[Right]:
    for statement in policy["Statement"]:
        told = statement["Resource"]
        for resource in told if isinstance(told, list) else [told]:
            for action in statement["Action"]:
                service, _, name = action.partition(":")
                if service == "dynamodb" and (place := _place(resource)):
                    yield (name, place)


def _place(resource: Mapping[str, Any]) -> str:
    """Return which index a statement is about, or the table; nothing for its stream."""
    if resource == {"Fn::GetAtt": ["Table", "StreamArn"]}:
        return ""
    if resource == {"Fn::GetAtt": ["Table", "Arn"]}:
        return TABLE
    head, _, index = resource["Fn::Sub"].partition("/index/")
    assert head == "${Table.Arn}", resource
    return str(index)
