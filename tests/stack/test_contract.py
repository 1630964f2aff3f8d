"""The published contract holds on the running stack: schemathesis, with every check it has.

Each role's token is tried on the operations that it may call, with good and with bad data; what it
may not call is the role matrix's. The seed is fixed and the runs are bounded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import validate

from infra.local.engines import ROOT
from tests.campaigns import doubling
from tests.depth import IS_WHOLE
from tests.stack.client import Client
from tests.stack.fuzzing import IDS_VARIABLE

SEED: Final = 7
EXAMPLES_MAX: Final = 8 if IS_WHOLE else 2
"""Random requests for each operation and mode, beside those that cover the schema's corners."""
METHODS: Final = ("get", "post", "put", "delete")
RUNS: Final = {
    "nobody": "",
    "member": "member",
    "leaver": "member",
    "channel:store-1": "channel",
    "admin": "admin",
}
"""Whose token is tried, and the role that its operations name; admin may what any operator may."""
FAREWELL: Final = "DELETE /v1/me"
"""Tried by a member of its own: afterwards their token opens nothing, and all else would be 401."""
OPERATORS: Final = frozenset({"marketing", "support", "finance", "admin"})
CODES: Final = "\n".join(f"FUZZ-{number:04}" for number in range(100))

Json = dict[str, Any]


@pytest.fixture
def contract(client: Client) -> Json:
    """Return the document that the stack publishes."""
    document: Json = client.get("/openapi.json").json()
    return document


def operations(contract: Json) -> dict[str, Json]:
    """Return every operation by method and path."""
    return {
        f"{method.upper()} {path}": methods[method]
        for path, methods in contract["paths"].items()
        for method in METHODS
        if method in methods
    }


def test_the_published_contract_is_valid(contract: Json) -> None:
    validate(contract)
    assert contract["openapi"].startswith("3.1")


def test_every_example_fits_its_own_schema(contract: Json) -> None:
    seen = 0
    for route, operation in operations(contract).items():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        contents = [
            media
            for body in bodies
            for media in followed(contract, body).get("content", {}).values()
        ]
        for media in contents:
            told = [media["example"]] if "example" in media else []
            told += [
                followed(contract, example)["value"]
                for example in media.get("examples", {}).values()
            ]
            assert told, route
            # References lead into the document, so its components come along.
            whole = {**media["schema"], "components": contract["components"]}
            validator = Draft202012Validator(whole)
            for example in told:
                assert [error.message for error in validator.iter_errors(example)] == [], route
                seen += 1
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            if parameter["in"] != "query":
                assert Draft202012Validator(schema).is_valid(parameter["example"]), route
    assert seen > len(operations(contract))


def followed(contract: Json, told: Json) -> Json:
    """Return what a reference within the document leads to, or what is no reference as it is."""
    steps = told.get("$ref", "").split("/")[1:]
    return reduce(lambda place, step: place[step], steps, contract) if steps else told


def tried_by(role: str, told: Mapping[str, Json]) -> list[str]:
    """Return the routes that are tried with a role's token."""
    own = [route for route in told if RUNS[role] in roles_of(told[route])]
    return [route for route in own if (route == FAREWELL) == (role == "leaver")]


def roles_of(operation: Json) -> set[str]:
    """Return the roles that may call an operation; every operator is admin, nobody is ""."""
    named = {role for way in operation.get("security", []) for role in way["token"]}
    return (named - OPERATORS) | ({"admin"} if named & OPERATORS else set()) or {""}


def test_every_operation_is_tried_by_all_who_may_call_it(contract: Json) -> None:
    told = operations(contract)
    tried = {route for role in RUNS for route in tried_by(role, told)}
    assert tried == set(told)
    assert set().union(*map(roles_of, told.values())) == set(RUNS.values())


@pytest.mark.parametrize("role", RUNS)
def test_nothing_that_schemathesis_tries_breaks_the_contract(
    client: Client, contract: Json, role: str, tmp_path: Path
) -> None:
    told = operations(contract)
    chosen = [told[route]["operationId"] for route in tried_by(role, told)]
    person = ("leaver", "member") if role == "leaver" else ("fuzzer", role)
    caller = client if role == "nobody" else client.person(*person)
    ran = fuzz(caller, chosen, ids=real_ids(client), scratch=tmp_path)
    assert ran.returncode == 0, ran.stdout[-8000:]
    assert client.get("/health").status_code == 200
    assert client.person("fuzzer", "member").get("/me").status_code == 200


def fuzz(
    caller: Client, chosen: list[str], *, ids: Mapping[str, Mapping[str, str]], scratch: Path
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis on operations as somebody."""
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        f"{caller.api}/openapi.json",
        *("--checks", "all", "--mode", "all", "--seed", str(SEED), "--no-shrink"),
        *("--max-examples", str(EXAMPLES_MAX), "--continue-on-failure", "--no-color"),
    ]
    for name in chosen:
        command += ["--include-operation-id", name]
    if caller.token:
        command += ["--header", f"Authorization: Bearer {caller.token}"]
    return subprocess.run(
        command,
        cwd=scratch,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.stack.fuzzing",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch),
            IDS_VARIABLE: json.dumps(ids),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def real_ids(client: Client) -> dict[str, dict[str, str]]:
    """Return what really is there, by route."""
    buyer, desk = client.member("fuzzer"), client.person("desk", "marketing")
    mug = listed(desk, "fuzzed", mode="counted", units=1000)
    pool = listed(desk, "fuzzed-pool", mode="coded")
    path = f"/admin/rewards/{pool}/codes"
    imported = desk.post(path, {"csv": CODES}, key="fuzzed").json()["id"]
    assert desk.post(f"{path}/{imported}/execute").status_code == 200
    sale = {
        "channel": "store-1",
        "purchase_id": "fuzzed",
        "member_id": buyer.member_id,
        "paid": {"amount": 1_000_000, "currency": "cny"},
    }
    assert client.till("store-1").post("/purchases", sale).status_code in {200, 201}
    by_part = {
        "members": buyer.member_id,
        "rewards": mug,
        "orders": ordered(buyer, mug),
        "adjustments": proposed(client.person("desk", "support"), buyer.member_id),
        "campaigns": campaigning(desk),
        # Nothing was parked.
        "parked": "nothing",
    }
    told = {
        route: {"id": by_part[route.split("/{id}")[0].rpartition("/")[2]]}
        for route in operations(client.get("/openapi.json").json())
        if "{id}" in route
    }
    codes = {"id": pool, "import": imported}
    return {
        **told,
        "POST /v1/orders/{id}/codes": {"id": ordered(buyer, pool)},
        "POST /v1/purchases/{channel}/{purchase_id}/refunds": {
            "channel": "store-1",
            "purchase_id": "fuzzed",
        },
        **{
            route: {n: codes[n] for n in codes if f"{{{n}}}" in route}
            for route in told
            if is_of_codes(route)
        },
    }


def is_of_codes(route: str) -> bool:
    return "/rewards/{id}/codes" in route


def listed(desk: Client, key: str, **stock: object) -> str:
    """Return the id of a reward, which is listed once."""
    body = {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": 1}],
        "stock": stock,
    }
    return str(desk.post("/admin/rewards", body, key=key).json()["id"])


def proposed(desk: Client, member_id: str) -> str:
    """Return the id of a correction that waits for a second person, which is asked for once."""
    asked = {"member_id": member_id, "points": 2_000, "reason": "fuzzed"}
    return str(desk.post("/admin/adjustments", asked, key="fuzzed").json()["id"])


def campaigning(desk: Client) -> str:
    """Return the id of a campaign that touches nobody's purchases, which is begun once."""
    window = {"from": "2999-01-01T00:00:00Z", "until": "2999-01-02T00:00:00Z"}
    begun = desk.post("/admin/campaigns", doubling(window=window), key="fuzzed")
    return str(begun.json()["id"])


def ordered(buyer: Client, reward_id: str) -> str:
    """Return the id of an order, which is placed once."""
    told = buyer.post("/orders", {"reward_id": reward_id}, key=f"fuzzed-{reward_id}")
    return str(told.json()["id"])
