"""The contract as OpenAPI 3.1, made from the routes as they are declared.

One document says everything: each route with its parameters, roles, bodies, answers, refusals and
an example of each. `web.contract` serves it and `python -m infra.openapi` keeps
`docs/openapi.json` alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.web.house import House
from chalicelib.web.operations import SCHEMAS, Json, Names, Problem, described, examples
from chalicelib.web.routes import Operation

Mode = Literal["validation", "serialization"]


def document(app: House) -> Json:
    """Return the OpenAPI document of an app."""
    operations = [endpoint.operation for endpoint in app.endpoints()]
    names, schemas = schemas_of(operations)
    paths: dict[str, Json] = {}
    for operation in operations:
        told = described(operation, names, schemas=schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    queries = {names[operation.query] for operation in operations}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jifen",
            "version": "1",
            "description": "A loyalty points mall: members earn, hold and redeem points.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in schemas if name not in queries},
            "examples": examples(operations),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def schemas_of(operations: Iterable[Operation]) -> tuple[Names, dict[str, Json]]:
    """Return what each model is called in the document, and every schema by that name."""
    takes = {model for one in operations for model in (one.body, one.query) if model is not None}
    gives = {one.answer for one in operations} | {Problem}
    asked: list[tuple[type[BaseModel], Mode]] = [
        *((model, "validation") for model in by_name(takes)),
        *((model, "serialization") for model in by_name(gives)),
    ]
    references, definitions = models_json_schema(asked, ref_template=SCHEMAS + "{model}")
    names = {
        cast(type[BaseModel], model): str(reference["$ref"]).removeprefix(SCHEMAS)
        for (model, _), reference in references.items()
    }
    return names, cast(dict[str, Json], definitions["$defs"])


def by_name(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    """Return models in an order that does not depend on the run."""
    return sorted(models, key=lambda model: (model.__name__, model.__module__))
