"""The package and the CloudFormation made of it, once a process: they are only looked at."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from infra.template.lint import Template, translate
from infra.template.package import package


@dataclass(frozen=True, slots=True)
class Package:
    """A template as Chalice wrote it, and the zip beside it."""

    sam: Template
    archive: bytes


@cache
def packaged() -> Package:
    """Return the product's package, without its dependencies."""
    with tempfile.TemporaryDirectory() as scratch:
        sam = package(Path(scratch) / "out", dependencies=False)
        archive = sam.with_name("deployment.zip").read_bytes()
        return Package(json.loads(sam.read_text()), archive)


@cache
def stack() -> Template:
    """Return the CloudFormation that AWS makes of the package."""
    return translate(packaged().sam)


def properties(name: str) -> dict[str, Any]:
    """Return what the stack says of a resource."""
    found: dict[str, Any] = stack()["Resources"][name]["Properties"]
    return found


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Return what the stack says of all resources of a type, by name."""
    return {
        name: resource["Properties"]
        for name, resource in stack()["Resources"].items()
        if resource["Type"] == kind
    }
