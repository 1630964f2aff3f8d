"""The package, deployed and used through its gateway, with roles and tokens checked.

ministack plays AWS: it makes the stack from the template, runs the two functions from the zip,
asks the authorizer, and holds every call to DynamoDB against the function's role. Two things
differ from AWS: the functions find their dependencies in this environment, because the zip was
made without them, and the pool's keys on this machine. What ministack ignores, the gateway's own
answers above all, is asserted on the template.
"""

from __future__ import annotations

import contextlib
import copy
import io
import itertools
import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from infra.local import engines
from infra.local.engines import HOST, MINISTACK, REGION
from infra.local.stripe.postman import signature
from infra.template.lint import Template
from infra.template.package import ROOT, STAGE
from tests.contracts.pools import Pool, client, create_stack
from tests.deployable import packaged, stack
from tests.stripes import KEY, SECRET
from tests.webhooks import NOWHERE, a_payment_event

START_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 30.0
FUNCTIONS: Final = ("APIHandler", "Authorizer", "OrderDeadlines")
BUCKET: Final = "bucket"
"""As in `infra.template.lint.CODE`."""
CHANNEL: Final = "store-1"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment: where its gateway answers, its pool, and an operator's token."""

    endpoint: str
    host: str
    pool: Pool
    admin: str

    def call(self, method: str, path: str, *, token: str = "", **sent: Any) -> httpx.Response:
        """Send one request through the gateway."""
        headers = {"Host": self.host, **sent.pop("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self.endpoint}/{STAGE}/v1{path}"
        return httpx.request(method, url, headers=headers, timeout=ANSWER_SECONDS, **sent)

    def new_member(self) -> str:
        """Return the token of somebody who has an account and has not enrolled."""
        email = f"member-{next(_numbers)}@example.test"
        self.pool.add_person(email, "member")
        return self.pool.sign_in(email)["AccessToken"]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a ministack that checks roles, which the one for the local stack does not."""
    assert MINISTACK.exists(), "ministack is missing; run `make install`."
    folder, port = tmp_path_factory.mktemp("deployment"), engines.free_port()
    environment = {
        "AUTH": "true",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "HOME": str(folder),
        "MINISTACK_REGION": REGION,
        "PATH": os.defpath,
        "TMPDIR": str(folder),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(MINISTACK)], env=environment, stdout=log, stderr=log)
    try:
        yield wait_for(f"http://{HOST}:{port}")
    finally:
        process.terminate()
        process.wait(engines.STOP_SECONDS)


def wait_for(endpoint: str) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{endpoint}/_ministack/health")
            return endpoint
        time.sleep(0.05)
    raise AssertionError("ministack is still not answering")


def template_for(endpoint: str) -> Template:
    """Return the template with what is nearer here than in AWS."""
    template = copy.deepcopy(stack())
    for name in FUNCTIONS:
        told = template["Resources"][name]["Properties"]["Environment"]["Variables"]
        told["JIFEN_JWKS_URL"] = {"Fn::Sub": f"{endpoint}/${{Pool}}/.well-known/jwks.json"}
        told["PYTHONPATH"] = sysconfig.get_path("purelib")
    # As an operator would put it; the functions are told by the template's own references.
    secret = {"key": KEY, "webhook_secrets": f"whsec_old,{SECRET}"}
    template["Resources"]["StripeSecret"]["Properties"]["SecretString"] = json.dumps(secret)
    return template


@pytest.fixture(scope="module")
def deployed(endpoint: str) -> Deployed:
    storage = client("s3", endpoint)
    storage.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    storage.upload_fileobj(io.BytesIO(packaged().archive), BUCKET, "deployment.zip")
    outputs = create_stack(endpoint, "jifen", template=template_for(endpoint))
    pool = Pool.of(endpoint, outputs)
    pool.add_person("admin@example.test", "admin")
    host = f"{outputs['RestAPIId']}.execute-api.localhost"
    made = Deployed(endpoint, host, pool, pool.sign_in("admin@example.test")["AccessToken"])
    document = made.call("GET", "/admin/program", token=made.admin)
    changed = made.call(
        "PUT",
        "/admin/program",
        token=made.admin,
        json=document.json() | {"channels": {pool.till: CHANNEL}},
        headers={"If-Match": document.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    return made


def a_redemption(deployed: Deployed) -> dict[str, int]:
    """Do what members, tills and operators do, and return the status of each step."""
    number, lin = next(_numbers), deployed.new_member()
    till = deployed.pool.token_of_machine(deployed.pool.till)
    enrolled = deployed.call("POST", "/me", token=lin)
    purchase = {
        "channel": CHANNEL,
        "purchase_id": f"p-{number}",
        "member_id": enrolled.json().get("id", ""),
        "paid": {"amount": 50_000, "currency": "cny"},
    }
    reward = {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": 300}],
        "stock": {"mode": "coded"},
        "limits": [{"per": "day", "units": 2}],
    }
    key = {"Idempotency-Key": f"k-{number}"}
    earned = deployed.call("POST", "/purchases", token=till, json=purchase)
    listed = deployed.call("POST", "/admin/rewards", token=deployed.admin, json=reward, headers=key)
    reward_id = listed.json().get("id", "")
    codes, csv = f"/admin/rewards/{reward_id}/codes", {"csv": f"CODE-{number}"}
    looked_over = deployed.call("POST", codes, token=deployed.admin, json=csv, headers=key)
    execute = f"{codes}/{looked_over.json().get('id', '')}/execute"
    imported = deployed.call("POST", execute, token=deployed.admin)
    order = {"reward_id": reward_id, "option": 0, "quantity": 1}
    placed = deployed.call("POST", "/orders", token=lin, json=order, headers=key)
    fetch = f"/orders/{placed.json().get('id', '')}/codes"
    answers = {
        "enrol": enrolled,
        "earn": earned,
        "list": listed,
        "import": imported,
        "redeem": placed,
        "fetch": deployed.call("POST", fetch, token=lin),
        "orders": deployed.call("GET", "/orders", token=lin),
        "wallet": deployed.call("GET", "/me/wallet", token=lin),
        "journal": deployed.call("GET", "/me/journal", token=lin),
        "catalog": deployed.call("GET", "/catalog"),
        "wrong code": deployed.call(
            "POST", "/members/resolve", token=till, json={"code": "no such code"}
        ),
        "leave": deployed.call("DELETE", "/me", token=lin),
    }
    return {step: answer.status_code for step, answer in answers.items()}


def test_anyone_may_ask_whether_it_is_there(deployed: Deployed) -> None:
    answer = deployed.call("GET", "/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("token", ["", "made-up"])
def test_whoever_has_no_token_of_the_pool_stays_outside(deployed: Deployed, token: str) -> None:
    assert deployed.call("GET", "/me", token=token).status_code == 401


def test_a_member_may_not_do_what_operators_do(deployed: Deployed) -> None:
    answer = deployed.call("GET", "/admin/program", token=deployed.new_member())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.fixture(scope="module")
def redemption(deployed: Deployed) -> dict[str, int]:
    return a_redemption(deployed)


def test_a_reward_is_redeemed_with_the_rights_that_the_roles_give(
    redemption: dict[str, int],
) -> None:
    assert redemption == {
        "enrol": 201,
        "earn": 201,
        "list": 201,
        "import": 200,
        "redeem": 201,
        "fetch": 200,
        "orders": 200,
        "wallet": 200,
        "journal": 200,
        "catalog": 200,
        "wrong code": 404,
        "leave": 200,
    }


def rights() -> list[tuple[str, str]]:
    """Return every right to the table that the API's role gives: its statement and action."""
    document = json.loads((ROOT / "infra" / "policies" / "api.json").read_text())
    return [
        (statement["Sid"], action)
        for statement in document["Statement"]
        for action in statement["Action"]
        if action.startswith("dynamodb:")
    ]


@contextlib.contextmanager
def without(deployed: Deployed, *, sid: str, action: str) -> Iterator[None]:
    """Take a right away from the API's role for a while."""
    iam = client("iam", deployed.endpoint)
    (role,) = (
        role["RoleName"] for role in iam.list_roles()["Roles"] if "ApiHandler" in role["RoleName"]
    )
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    named = {"RoleName": role, "PolicyName": policy}
    before = iam.get_role_policy(**named)["PolicyDocument"]
    less = copy.deepcopy(before)
    for statement in less["Statement"]:
        if statement["Sid"] == sid:
            statement["Action"] = [kept for kept in statement["Action"] if kept != action]
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    iam.put_role_policy(**named, PolicyDocument=json.dumps(less))
    try:
        yield
    finally:
        iam.put_role_policy(**named, PolicyDocument=json.dumps(before))


@pytest.mark.parametrize(("sid", "action"), rights())
def test_each_right_to_the_table_is_needed(
    deployed: Deployed, redemption: dict[str, int], sid: str, action: str
) -> None:
    assert 500 not in redemption.values()
    with without(deployed, sid=sid, action=action):
        assert 500 in a_redemption(deployed).values()


def webhook(deployed: Deployed) -> httpx.Response:
    """Tell the API of an order that is not there, as Stripe would."""
    event = a_payment_event(NOWHERE, environment="prod", id=f"evt_{next(_numbers)}")
    payload = json.dumps(event)
    signed = {"Stripe-Signature": signature(payload, [SECRET], now=int(time.time()))}
    headers = signed | {"Content-Type": "application/json"}
    return deployed.call("POST", "/webhooks/stripe", content=payload, headers=headers)


def test_what_stripe_tells_is_kept_in_the_queue_with_the_right_to_put_it_there(
    deployed: Deployed,
) -> None:
    queues = client("sqs", deployed.endpoint)
    (url,) = (url for url in queues.list_queues()["QueueUrls"] if "DeadLetters" not in url)
    heard = webhook(deployed)
    assert (heard.status_code, heard.json()) == (200, {"is_ours": True})
    counted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = queues.get_queue_attributes(QueueUrl=url, AttributeNames=counted)["Attributes"]
    assert sum(int(told[name]) for name in counted) == 1
    with without(deployed, sid="PutWhatStripeTold", action="sqs:SendMessage"):
        assert webhook(deployed).status_code == 503
