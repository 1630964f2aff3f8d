"""Tokens: which ones count, and which do not."""

from __future__ import annotations

import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.web.identity import Identity
from chalicelib.web.tokens import (
    TOKEN_CHARS_MAX,
)
from tests.tokens import (
    Issuer,
    a_jwk,
    a_private_key,
    a_token,
    accepted,
    checked,
    handmade,
    refused,
)


def test_a_members_token_names_the_subject_the_client_and_the_roles() -> None:
    assert checked(a_token()) == Identity("sub-1", "mall", frozenset({"member"}))


def test_groups_that_this_program_does_not_know_give_nothing() -> None:
    groups = ["member", "support", "partner:acme", "partner:", "channel", "root", "admin x", 7]
    assert checked(a_token({"cognito:groups": groups})).roles == {
        "member",
        "support",
        "partner:acme",
    }
    odd: object
    for odd in (None, "admin", {"admin": True}, []):
        assert checked(a_token({"cognito:groups": odd})).roles == frozenset()


def test_a_tills_token_gives_the_channel_role_for_any_client() -> None:
    token = a_token(
        {
            "sub": "till-1",
            "client_id": "till-1",
            "username": None,
            "scope": "a jifen/channel",
            "cognito:groups": ["admin"],
        }
    )
    assert checked(token) == Identity("till-1", "till-1", frozenset({"channel"}))


def test_the_channel_scope_gives_a_person_nothing() -> None:
    assert checked(a_token({"scope": "jifen/channel"})).roles == {"member"}
    assert refused(a_token({"scope": "jifen/channel", "client_id": "other"}))


def test_a_scope_that_only_begins_alike_is_no_channels() -> None:
    assert refused(a_token({"scope": "jifen/channels", "username": None, "client_id": "till-1"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 3600},
        {"iss": "https://issuer.example.test/other"},
        {"iss": None},
        {"client_id": "another-app"},
        {"client_id": None},
        {"client_id": ["mall"]},
        {"token_use": "id"},
        {"token_use": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"aud": "mall", "client_id": None, "token_use": "id"},
    ],
)
def test_a_token_for_something_else_is_refused(changes: dict[str, object]) -> None:
    assert refused(a_token(changes))


def test_a_token_expires_with_a_few_seconds_of_leeway() -> None:
    now = int(time.time())
    assert accepted(a_token({"exp": now - 1}))
    assert refused(a_token({"exp": now - 7}))


def test_a_token_signed_by_a_stranger_under_our_key_id_is_refused() -> None:
    assert refused(a_token(signed_by="stranger", kid="one"))


def test_a_changed_token_is_refused() -> None:
    head, body, signature = a_token().split(".")
    other = a_token({"sub": "sub-2"}).split(".")[1]
    assert refused(f"{head}.{other}.{signature}")
    assert refused(f"{head}.{body}.{signature[:-2]}")
    assert refused(f"{head}.{body}.")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS512", "ES256", "", None])
def test_only_rs256_counts(algorithm: str | None) -> None:
    assert refused(handmade({"alg": algorithm, "kid": "one", "typ": "JWT"}))


def test_the_public_key_is_no_shared_secret() -> None:
    public = a_private_key("one").public_key()
    for form in (serialization.Encoding.PEM, serialization.Encoding.DER):
        secret = public.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
        for algorithm in ("HS256", "RS256"):
            assert refused(handmade({"alg": algorithm, "kid": "one"}, secret=secret))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "x" * 100, "茶.茶.茶", "e30.e30.e30", "null.null.null"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token)


def test_a_key_id_must_be_there_and_be_a_text() -> None:
    for header in ({"alg": "RS256"}, {"alg": "RS256", "kid": 1}, {"alg": "RS256", "kid": ["one"]}):
        assert refused(handmade(header))


def test_a_token_longer_than_any_header_is_not_even_read() -> None:
    issuer = Issuer()
    assert refused(a_token({"scope": "x" * TOKEN_CHARS_MAX}), issuer.keys())
    assert issuer.asked == 0


def test_an_unsigned_token_costs_the_issuer_nothing() -> None:
    issuer = Issuer()
    assert refused(handmade({"alg": "none", "kid": "unknown"}), issuer.keys())
    assert issuer.asked == 0


def test_keys_for_encryption_and_other_sorts_of_keys_are_not_ours() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    elliptic = jwt.algorithms.ECAlgorithm.to_jwk(curve, as_dict=True)
    entries = [a_jwk("one", use="enc"), {**elliptic, "kid": "two"}, "three", {"kty": "RSA"}]
    keys = Issuer(
        published={"keys": [*entries, a_jwk("four"), {**a_jwk("broken"), "n": "!"}]}
    ).keys()
    assert refused(a_token(signed_by="one"), keys)
    assert accepted(a_token(signed_by="four"), keys)
