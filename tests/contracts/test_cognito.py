"""Cognito's own tokens, judged by the code that judges every token.

The pool, its groups and its clients are made from the template that would be deployed, on
ministack's Cognito. Where ministack is missing these tests fail and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from chalicelib.kernel.errors import Unauthenticated
from chalicelib.web.identity import Identity
from chalicelib.web.tokens import Keys, identity_of
from infra.local import engines
from infra.local.engines import Kind
from infra.template.lint import Template
from tests.contracts.pools import SIGN_IN, Pool, client, create_stack
from tests.deployable import stack

LIN: Final = "lin@example.test"


def cognito_part() -> Template:
    """Return what the template says of Cognito, as a template of its own."""
    return {
        "Resources": {
            name: resource
            for name, resource in stack()["Resources"].items()
            if resource["Type"].startswith("AWS::Cognito::")
        },
        "Outputs": {
            name: stack()["Outputs"][name]
            for name in ("PoolId", "Issuer", "PeopleClientId", "TillClientId")
        },
    }


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with engines.start(Kind.MINISTACK, state=tmp_path_factory.mktemp("cognito")) as running:
        yield running.endpoint


@pytest.fixture(scope="module")
def pool(endpoint: str) -> Pool:
    made = Pool.of(endpoint, create_stack(endpoint, "jifen", template=cognito_part()))
    made.add_person(LIN, "member", "partner:panda-tea", "somebody-elses")
    return made


@pytest.fixture(scope="module")
def other_pool(endpoint: str) -> Pool:
    made = Pool.of(endpoint, create_stack(endpoint, "other", template=cognito_part()))
    made.add_person(LIN, "member")
    return made


def judge(pool: Pool, token: str, *, keys_of: Pool | None = None) -> Identity:
    """Return whom a token names in the eyes of a deployment that trusts a pool."""
    keys = Keys((keys_of or pool).keys_url)
    clients = frozenset({pool.people})
    return identity_of(token, issuer=pool.issuer, clients=clients, keys=keys)


def test_a_persons_access_token_gives_the_roles_of_their_groups(pool: Pool) -> None:
    identity = judge(pool, pool.sign_in(LIN)["AccessToken"])
    assert identity.roles == {"member", "partner:panda-tea"}
    assert identity.client == pool.people
    assert identity.subject


def test_a_person_stays_the_same_subject(pool: Pool) -> None:
    first, second = (judge(pool, pool.sign_in(LIN)["AccessToken"]) for _ in range(2))
    assert first.subject == second.subject


def test_a_tills_token_gives_the_role_of_a_channel_and_names_the_till(pool: Pool) -> None:
    identity = judge(pool, pool.token_of_machine(pool.till))
    assert identity.roles == {"channel"}
    assert identity.client == pool.till


def test_the_keys_may_be_elsewhere_than_the_issuer_says(pool: Pool) -> None:
    assert not pool.keys_url.startswith(pool.issuer)
    assert "member" in judge(pool, pool.sign_in(LIN)["AccessToken"]).roles


@pytest.mark.parametrize("kind", ["IdToken", "RefreshToken"])
def test_only_an_access_token_is_accepted(pool: Pool, kind: str) -> None:
    with pytest.raises(Unauthenticated):
        judge(pool, pool.sign_in(LIN)[kind])


def test_another_pools_token_is_refused(pool: Pool, other_pool: Pool) -> None:
    token = other_pool.sign_in(LIN)["AccessToken"]
    assert judge(other_pool, token).roles == {"member"}
    with pytest.raises(Unauthenticated):
        judge(pool, token)


def test_another_pools_token_is_refused_even_when_its_key_is_known(
    pool: Pool, other_pool: Pool
) -> None:
    token = other_pool.sign_in(LIN, client_id=other_pool.people)["AccessToken"]
    with pytest.raises(Unauthenticated):
        judge(pool, token, keys_of=other_pool)


def test_another_pools_till_is_refused_even_when_its_key_is_known(
    pool: Pool, other_pool: Pool
) -> None:
    token = other_pool.token_of_machine(other_pool.till)
    assert judge(other_pool, token).roles == {"channel"}
    with pytest.raises(Unauthenticated):
        judge(pool, token, keys_of=other_pool)


def test_a_token_for_another_app_of_the_same_pool_is_refused(pool: Pool) -> None:
    stranger = pool.another_client(ExplicitAuthFlows=[f"ALLOW_{SIGN_IN}"])
    with pytest.raises(Unauthenticated):
        judge(pool, pool.sign_in(LIN, client_id=stranger)["AccessToken"])


def test_a_machine_without_the_scope_of_channels_is_refused(pool: Pool) -> None:
    client("cognito-idp", pool.endpoint).create_resource_server(
        UserPoolId=pool.id,
        Identifier="warehouse",
        Name="Warehouse",
        Scopes=[{"ScopeName": "count", "ScopeDescription": "Count things"}],
    )
    stranger = pool.another_client(
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["warehouse/count"],
    )
    with pytest.raises(Unauthenticated):
        judge(pool, pool.token_of_machine(stranger))
