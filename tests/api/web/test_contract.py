"""The published contract: valid OpenAPI 3.1, complete, and the same in docs/ as in the code."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from openapi_spec_validator import validate

from app import app
from chalicelib.web.bodies import read_body
from chalicelib.web.openapi import document
from chalicelib.web.problems import code_rows
from chalicelib.web.routes import Endpoint
from infra import openapi
from tests.events import Api, Json


@cache
def contract() -> Json:
    """Return the app's document as its readers see it."""
    told: Json = json.loads(json.dumps(document(app)))
    return told


EVERY = pytest.mark.parametrize("endpoint", app.endpoints(), ids=lambda endpoint: endpoint.route)


def test_the_contract_is_valid_openapi() -> None:
    validate(contract())


def test_the_app_serves_its_own_contract() -> None:
    reply = Api(app).get("/openapi.json")
    assert reply.json == contract()
    assert (
        Api(app).get("/openapi.json", headers={"If-None-Match": reply.headers["etag"]}).status
        == 304
    )


def test_the_docs_say_what_the_code_says() -> None:
    assert openapi.stale() == [], "run python -m infra.openapi --write"


def test_operations_have_names_of_their_own() -> None:
    names = [
        operation["operationId"]
        for methods in contract()["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names)) == len(app.endpoints())


@EVERY
def test_an_operation_shows_an_answer_that_fits_its_model(endpoint: Endpoint) -> None:
    operation = endpoint.operation
    assert operation.answer_example
    operation.answer.model_validate_json(json.dumps(operation.answer_example))


@EVERY
def test_an_operation_that_takes_a_body_shows_one_that_it_would_take(endpoint: Endpoint) -> None:
    operation = endpoint.operation
    if operation.body is None:
        assert not operation.example
        return
    read_body(operation.body, json.dumps(operation.example).encode(), language="en")


@EVERY
def test_an_operation_names_an_example_of_each_path_parameter(endpoint: Endpoint) -> None:
    parameters = set(re.findall(r"{(\w+)}", endpoint.operation.path))
    assert set(endpoint.operation.path_example) == parameters


@EVERY
def test_an_operation_says_what_its_use_case_refuses(endpoint: Endpoint) -> None:
    path, method = endpoint.operation.path, endpoint.operation.method.lower()
    statuses = contract()["paths"][path][method]["responses"]
    for refusal in endpoint.operation.refusals:
        assert any(f"`{refusal.code}`" in statuses[status]["description"] for status in statuses)


def test_every_code_that_an_operation_may_give_is_in_the_table() -> None:
    known = {row.code for row in code_rows()}
    declared = {
        refusal.code for endpoint in app.endpoints() for refusal in endpoint.operation.refusals
    }
    assert declared <= known
