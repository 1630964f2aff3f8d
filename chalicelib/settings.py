"""The one place that reads the environment.

Read once, lazily, so that importing the code needs no environment; refuses to start with a list
of everything that is missing. AWS's own variables (region, credentials, endpoints) are read by
botocore and do not stand here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

SECRET_BYTES_MIN: Final = 32
"""As long as the SHA-256 that it keys."""


class SettingsMissing(Exception):
    """The environment lacks what this program cannot guess."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment decides.

    `table`: the DynamoDB table. `issuer`, `jwks_url`, `clients`: whose tokens count, where their
    keys are, and which app clients people sign in with. `secret`: keys cursors, member codes, ids.
    """

    table: str
    issuer: str
    jwks_url: str
    clients: frozenset[str]
    secret: bytes


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment, or name every variable that is missing or wrong."""
    names = ("JIFEN_TABLE", "JIFEN_ISSUER", "JIFEN_JWKS_URL", "JIFEN_CLIENTS", "JIFEN_SECRET")
    wrong = [f"{name} is missing" for name in names if not environment.get(name)]
    secret = environment.get("JIFEN_SECRET", "").encode()
    if secret and len(secret) < SECRET_BYTES_MIN:
        wrong.append(f"JIFEN_SECRET has fewer than {SECRET_BYTES_MIN} bytes")
    if wrong:
        raise SettingsMissing("; ".join(wrong))
    clients = (name.strip() for name in environment["JIFEN_CLIENTS"].split(","))
    return Settings(
        table=environment["JIFEN_TABLE"],
        issuer=environment["JIFEN_ISSUER"],
        jwks_url=environment["JIFEN_JWKS_URL"],
        clients=frozenset(name for name in clients if name),
        secret=secret,
    )


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return read(os.environ)
