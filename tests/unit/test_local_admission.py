"""The local gateway lets in whom the real authorizer function lets in, and asks as AWS asks."""

from __future__ import annotations

from typing import Final

import pytest

from chalicelib.kernel.errors import Unavailable
from infra.local.admission import KEPT_SECONDS, Admission, Verdict
from infra.local.exchange import Request
from infra.local.gateway import Gateway
from tests.unit.recording_app import Recorder, get, problem_in

ALL: Final = "arn:aws:execute-api:local:000000000000:local/api/*/*"


class Bouncer:
    """An authorizer that counts whom it is asked about and says what it is told to."""

    def __init__(self, resource: str = ALL, effect: str = "Allow") -> None:
        self.asked: list[dict[str, str]] = []
        self.resource = resource
        self.effect = effect
        self.fails: Exception | None = None

    def __call__(self, event: dict[str, str], context: object, /) -> Verdict:
        """Answer as Lambda would."""
        assert context is not None
        self.asked.append(event)
        if self.fails:
            raise self.fails
        return {
            "principalId": "someone",
            "policyDocument": {"Statement": [{"Effect": self.effect, "Resource": [self.resource]}]},
            "context": {"subject": "sub-1", "roles": "member"},
        }


def test_a_token_reaches_the_authorizer_and_its_word_the_app() -> None:
    bouncer = Bouncer()
    app = Recorder("/v1/a", authorizer=bouncer)
    assert Gateway(app).answer(get("/v1/a", Authorization="Bearer t")).status == 200
    arn = "arn:aws:execute-api:local:000000000000:local/api/GET/v1/a"
    assert bouncer.asked == [{"type": "TOKEN", "authorizationToken": "Bearer t", "methodArn": arn}]
    told = {"subject": "sub-1", "roles": "member", "principalId": "someone"}
    assert app.events[0]["requestContext"]["authorizer"] == told


def test_without_an_authorization_header_nobody_is_asked() -> None:
    bouncer = Bouncer()
    app = Recorder("/v1/a", authorizer=bouncer)
    reply = Gateway(app).answer(get("/v1/a"))
    assert (reply.status, reply.header("WWW-Authenticate")) == (401, "Bearer")
    assert problem_in(reply)["code"] == "unauthenticated"
    assert (bouncer.asked, app.events) == ([], [])


def test_a_public_route_asks_for_nothing() -> None:
    app = Recorder("/v1/a")
    assert Gateway(app).answer(get("/v1/a", Authorization="Bearer t")).status == 200
    assert "authorizer" not in app.events[0]["requestContext"]


@pytest.mark.parametrize(
    "bouncer",
    [
        Bouncer(effect="Deny"),
        Bouncer("arn:aws:execute-api:local:000000000000:local/api/GET/v1/b"),
        Bouncer("arn:aws:execute-api:local:000000000000:local/api/POST/*"),
        Bouncer(""),
    ],
)
def test_whom_the_policy_does_not_let_pass_is_not_signed_in(bouncer: Bouncer) -> None:
    app = Recorder("/v1/a", authorizer=bouncer)
    assert Gateway(app).answer(get("/v1/a", Authorization="Bearer t")).status == 401
    assert app.events == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [(Exception("Unauthorized"), 401), (Unavailable(), 503), (ValueError("broken"), 500)],
)
def test_an_authorizer_that_fails_is_asked_again(
    failure: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bouncer = Bouncer()
    gateway = Gateway(Recorder("/v1/a", authorizer=bouncer))
    bouncer.fails = failure
    assert gateway.answer(get("/v1/a", Authorization="Bearer t")).status == status
    bouncer.fails = None
    assert gateway.answer(get("/v1/a", Authorization="Bearer t")).status == 200
    assert ("Traceback" in capsys.readouterr().err) == (status == 500)


def test_a_verdict_is_kept_for_five_minutes_per_token() -> None:
    bouncer = Bouncer()
    now = [0.0]
    gateway = Gateway(Recorder("/v1/a", authorizer=bouncer), Admission(lambda: now[0]))

    def asked(token: str) -> int:
        gateway.answer(get("/v1/a", Authorization=token))
        return len(bouncer.asked)

    assert [asked("Bearer a"), asked("Bearer a"), asked("Bearer b")] == [1, 1, 2]
    now[0] = KEPT_SECONDS - 0.001
    assert asked("Bearer a") == 2
    now[0] = KEPT_SECONDS
    assert asked("Bearer a") == 3


def test_a_kept_verdict_is_read_anew_for_every_call() -> None:
    bouncer = Bouncer("arn:aws:execute-api:local:000000000000:local/api/GET/*")
    gateway = Gateway(Recorder("/v1/a", authorizer=bouncer))
    headers = {"Authorization": "Bearer t"}
    assert gateway.answer(Request("GET", "/v1/a", headers=headers)).status == 200
    assert gateway.answer(Request("POST", "/v1/a", headers=headers)).status == 401
    assert len(bouncer.asked) == 1
