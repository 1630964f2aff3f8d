"""The local issuer's tokens pass the program's own checks, and its key stays in STATE."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import jwt
import pytest

from chalicelib.kernel.errors import Unauthenticated
from chalicelib.web.identity import Identity
from chalicelib.web.tokens import Keys, identity_of
from infra.local.issuer import (
    CHANNEL_SCOPE,
    CLIENT,
    ISSUER,
    TOKEN_SECONDS,
    Issuer,
    client_of,
    issuer_at,
)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return issuer_at(tmp_path / "issuer.pem")


def accepted(issuer: Issuer, token: str) -> Identity:
    """Return what the program's authorizer makes of a token."""
    keys = Keys("somewhere", fetch=lambda _: issuer.jwks().encode())
    return identity_of(token, issuer=ISSUER, clients=frozenset({CLIENT}), keys=keys)


def claims(token: str) -> dict[str, object]:
    told: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return told


def test_a_persons_token_names_subject_and_groups(issuer: Issuer) -> None:
    token = issuer.person("lin", ["member", "partner:tea"])
    roles = frozenset({"member", "partner:tea"})
    assert accepted(issuer, token) == Identity(subject="lin", client=CLIENT, roles=roles)
    told = claims(token)
    assert (told["username"], told["token_use"]) == ("lin", "access")
    assert told["cognito:groups"] == ["member", "partner:tea"]


def test_a_machines_token_has_the_channels_scope_and_no_user(issuer: Issuer) -> None:
    client = client_of("store-1")
    token = issuer.machine(client)
    roles = frozenset({"channel"})
    assert accepted(issuer, token) == Identity(subject=client, client=client, roles=roles)
    assert claims(token)["scope"] == CHANNEL_SCOPE
    assert "username" not in claims(token)


def test_a_channel_has_one_client_of_its_own() -> None:
    assert client_of("store-1") == client_of("store-1")
    assert client_of("store-1") != client_of("store-2")
    assert len(client_of("store-1")) == 26


def test_a_token_lives_thirty_days_of_wall_time(issuer: Issuer) -> None:
    told = claims(issuer.person("lin", []))
    assert told["exp"] == int(str(told["iat"])) + TOKEN_SECONDS
    assert abs(int(str(told["iat"])) - time.time()) < 5
    assert TOKEN_SECONDS == 30 * 24 * 3600


def test_no_two_tokens_are_the_same(issuer: Issuer) -> None:
    assert claims(issuer.person("lin", []))["jti"] != claims(issuer.person("lin", []))["jti"]


def test_a_token_outlives_the_process_that_gave_it(tmp_path: Path) -> None:
    path = tmp_path / "issuer.pem"
    token = issuer_at(path).person("lin", ["member"])
    assert accepted(issuer_at(path), token).subject == "lin"


def test_another_states_tokens_do_not_count(tmp_path: Path) -> None:
    ours, theirs = issuer_at(tmp_path / "ours.pem"), issuer_at(tmp_path / "theirs.pem")
    with pytest.raises(Unauthenticated):
        accepted(ours, theirs.person("lin", ["member"]))


def test_the_key_is_the_owners_alone_and_never_published(tmp_path: Path) -> None:
    path = tmp_path / "issuer.pem"
    issuer = issuer_at(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (entry,) = json.loads(issuer.jwks())["keys"]
    assert set(entry) == {"kty", "alg", "use", "kid", "n", "e"}
