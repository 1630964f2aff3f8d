"""What the fuzzer has to be told, because a JSON Schema cannot say it.

Loaded by schemathesis itself, which finds it by name. Every check stays on. A request that fits
the schema and is refused counts as a failure, except where the contract refuses it for a reason
that no schema can state; each is a function below. Half of the generated ids are replaced by real
ones, so that requests get past the first look-up.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import schemathesis

Names = dict[str, Any] | None

IDS_VARIABLE: Final = "JIFEN_FUZZED_IDS"
"""Names by route: `{"GET /v1/orders/{id}": {"id": "ord_…"}}`, as JSON."""
RULE_REFUSALS: Final = frozenset({404, 409, 412, 422, 428})
"""What the contract answers where a rule, a state or a version stands against valid data."""
UNSAYABLE: Final = {
    "/activities/check_in/streaks": "a number of days has one bonus",
    "/amount": "an order that was paid without cash is refunded by quantity",
    "/birthday": "a birthday lies in the past",
    "/cursor": "only what a page handed out is a cursor",
    "/id": "a document names the reward of its address",
    "/limits": "a period has one limit",
    "/lines": "the lines of a receipt add up to what was paid, or to less",
    "/occurred_at": "an instant lies in the years that zones can bear",
    "/option": "a reward has fewer options than any reward may have",
    "/quiet": "quiet hours end at another time than they begin",
    "/redeemable": "a window opens before it closes",
    "/redeemable/from": "an instant lies in the years that zones can bear",
    "/redeemable/until": "an instant lies in the years that zones can bear",
    "/shown": "a window opens before it closes",
    "/shown/from": "an instant lies in the years that zones can bear",
    "/shown/until": "an instant lies in the years that zones can bear",
    "/stock/units": "units are given exactly where they are counted",
    "/version": "a document names the version of If-Match",
    "/window": "a window opens before it closes",
    "/window/from": "an instant lies in the years that zones can bear",
    "/window/until": "an instant lies in the years that zones can bear",
    "/zone": "a zone stands in the IANA database",
}
"""Fields that a schema describes too widely, and why."""


CASH: Final = re.compile(r"/options/\d/cash/(amount|currency)")
"""A part of a price that can be charged, in the program's currency."""


def is_accepted(failure: Exception, case: Any, response: Any) -> bool:
    """Tell whether a refusal of schema-valid data is one that no schema can state."""
    name = type(failure).__name__
    if name == "MissingHeaderNotRejected":
        # The contract answers 428 where If-Match is missing, not one of the usual refusals.
        return bool(response.status_code == 428)
    if name != "RejectedPositiveData":
        return False
    problem = json.loads(response.content)
    if problem["code"] == "signature_invalid":
        # No schema can say that a header signs the body.
        return True
    if problem["code"] != "invalid":
        return response.status_code in RULE_REFUSALS
    pointers = [error["pointer"] for error in problem["errors"]]
    return any(
        told in UNSAYABLE or CASH.fullmatch(told) or is_whole_float(case.body, told)
        for told in pointers
    )


def is_whole_float(body: object, pointer: str) -> bool:
    """Tell whether a pointer leads to `8.0`: an integer to JSON Schema, not to the contract."""
    for step in pointer.split("/")[1:]:
        if isinstance(body, Mapping):
            body = body.get(step)
        elif isinstance(body, Sequence) and step.isdecimal() and int(step) < len(body):
            body = body[int(step)]
    return isinstance(body, float) and body.is_integer()


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:  # noqa: ARG001
    """Keep what is a failure."""
    return not is_accepted(failure, case, response)


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Names) -> Names:
    """Put real ids in the place of every other generated one."""
    names = json.loads(os.environ.get(IDS_VARIABLE, "{}")).get(context.operation.label)
    if not path_parameters or names is None:
        return path_parameters
    chars = sum(len(str(value)) for value in path_parameters.values())
    return path_parameters if chars % 2 else path_parameters | names
