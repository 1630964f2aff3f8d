"""The authorizer: what it lets through, and that its function starts without the rest."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import cast

import pytest
from typing_extensions import override

from app import app
from chalicelib.kernel.errors import Unavailable
from chalicelib.settings import settings
from chalicelib.web.authorizer import ANSWER_KEPT_SECONDS, Unauthorized, check_token, keys
from chalicelib.web.identity import PUBLIC
from chalicelib.web.routes import Endpoint
from tests.tokens import ISSUER, a_jwk, a_token

ROOT = Path(__file__).parent.parent.parent
ARN = "arn:aws:execute-api:us-east-1:000000000000:abc/api/GET/v1/me"
FOREIGN = ("jwt", "cryptography", "pynamodb", "boto3", "pydantic", "app", "chalicelib.web.routes")

ENVIRONMENT = {
    "JIFEN_TABLE": "none",
    "JIFEN_ISSUER": "https://issuer.example.test",
    "JIFEN_JWKS_URL": "https://issuer.example.test/keys",
    "JIFEN_CLIENTS": "mall",
    "JIFEN_SECRET": "x" * 32,
}


def in_a_fresh_process(program: str, **environment: str) -> object:
    """Run a program that prints JSON last, and return it."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    told: object = json.loads(done.stdout.splitlines()[-1])
    return told


def test_its_function_imports_neither_routes_nor_database_nor_a_jwt_library_at_its_start() -> None:
    program = f"""
        import json, sys
        from chalicelib.web.authorizer import check_token
        print(json.dumps([name for name in {FOREIGN} if name in sys.modules]))
    """
    assert in_a_fresh_process(program) == []


def test_the_routes_import_no_jwt_library() -> None:
    program = """
        import json, sys
        import app
        unwanted = ("jwt", "cryptography", "stripe", "chalicelib.web.openapi")
        print(json.dumps([name for name in unwanted if name in sys.modules]))
    """
    assert in_a_fresh_process(program) == []


def test_importing_the_app_reads_and_changes_no_environment() -> None:
    program = """
        import json, os
        before = dict(os.environ)
        import app
        print(json.dumps(before == dict(os.environ)))
    """
    assert in_a_fresh_process(program)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic bGk6bGk=", "Bearer a.b.c", "a.b.c", "Bearer  "]
)
def test_what_is_no_token_gets_the_word_that_the_gateway_understands(header: str) -> None:
    program = f"""
        import json
        from chalicelib.web.authorizer import check_token
        event = {{"type": "TOKEN", "authorizationToken": {header!r}, "methodArn": {ARN!r}}}
        try:
            answer = check_token(event, None)
        except Exception as error:
            answer = str(error)
        print(json.dumps(answer))
    """
    assert in_a_fresh_process(program, **ENVIRONMENT) == "Unauthorized"


def test_chalice_deploys_it_as_a_function_of_its_own_module() -> None:
    (config,) = app.builtin_auth_handlers
    assert config.handler_string == "chalicelib.web.authorizer.check_token"
    assert config.ttl_seconds == ANSWER_KEPT_SECONDS == 300
    assert check_token.config is config


def test_every_route_is_either_public_or_behind_the_authorizer() -> None:
    for methods in app.routes.values():
        for entry in methods.values():
            endpoint = cast(Endpoint, entry.view_function)
            expected = None if endpoint.operation.roles == PUBLIC else check_token
            assert entry.authorizer is expected


class PublishesKeys(BaseHTTPRequestHandler):
    """An issuer's key set over HTTP."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": [a_jwk("one")]}).encode())

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def _issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), PublishesKeys) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/keys"
        for name, value in (ENVIRONMENT | {"JIFEN_ISSUER": ISSUER, "JIFEN_JWKS_URL": url}).items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        keys.cache_clear()
        yield
        server.shutdown()
    settings.cache_clear()
    keys.cache_clear()


@pytest.mark.usefixtures("_issuer")
def test_it_hands_on_subject_client_and_roles_and_opens_every_route() -> None:
    groups = {"cognito:groups": ["support", "member"]}
    event = {"type": "TOKEN", "authorizationToken": f"bearer {a_token(groups)}", "methodArn": ARN}
    answer = check_token(event, None)
    assert answer["context"] == {"subject": "sub-1", "client": "mall", "roles": "member support"}
    assert "sub-1" not in answer["principalId"]
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == ["arn:aws:execute-api:us-east-1:000000000000:abc/api/*/*"]


@pytest.mark.usefixtures("_issuer")
def test_a_forged_token_or_another_scheme_opens_none() -> None:
    forged = a_token(signed_by="stranger", kid="one")
    for header in (f"Bearer {forged}", f"Basic {a_token()}", a_token()):
        event = {"type": "TOKEN", "authorizationToken": header, "methodArn": ARN}
        with pytest.raises(Unauthorized, match=r"^Unauthorized$"):
            check_token(event, None)


@pytest.mark.usefixtures("_issuer")
def test_an_issuer_that_does_not_answer_is_not_the_callers_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JIFEN_JWKS_URL", "http://127.0.0.1:1/keys")
    settings.cache_clear()
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {a_token()}", "methodArn": ARN}
    with pytest.raises(Unavailable):
        check_token(event, None)
