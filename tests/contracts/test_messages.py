"""Our carrier against SES and SNS of ministack: what arrives, and how it says that nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, Final

import httpx
import pytest
from typing_extensions import override

from chalicelib.gateways.messages.aws import AwsMessages
from chalicelib.gateways.messages.errors import Down, Rejected
from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.settings import MessageSettings
from infra.local import engines
from infra.local.engines import Kind
from tests.contracts.pools import client

SENDER: Final = "mall@example.test"
LIN: Final = "lin@example.test"
PHONE: Final = "+8613800000001"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run ministack, and point this process's SES and SNS at it."""
    with (
        engines.start(Kind.MINISTACK, state=tmp_path_factory.mktemp("messages")) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        told = engines.client_environment(running.endpoint)
        for name, value in {**told, "AWS_ENDPOINT_URL": running.endpoint}.items():
            patch.setenv(name, value)
        yield running.endpoint


@pytest.fixture(scope="module")
def topic(endpoint: str) -> str:
    """Return the topic of pushes, which a queue listens to."""
    sns, sqs = client("sns", endpoint), client("sqs", endpoint)
    arn: str = sns.create_topic(Name="pushes")["TopicArn"]
    queue = sqs.create_queue(QueueName="devices")["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=told["Attributes"]["QueueArn"])
    return arn


def a_message(channel: Channel, to: str) -> Message:
    return Message(to, channel, "积分即将到期", "Use them.", "mem_1#J#000000000001#mail")


def shown(endpoint: str, path: str) -> Any:
    return httpx.get(f"{endpoint}/_ministack/{path}").json()


def test_a_mail_arrives_with_its_subject_and_text(endpoint: str) -> None:
    client("sesv2", endpoint).create_email_identity(EmailIdentity=SENDER)
    AwsMessages(MessageSettings(SENDER)).send(a_message(Channel.MAIL, LIN))
    (mail,) = next(iter(shown(endpoint, "ses/messages")["messages"].values()))
    assert (mail["Source"], mail["To"]) == (SENDER, [LIN])
    assert (mail["Subject"], mail["BodyText"]) == ("积分即将到期", "Use them.")


def test_an_sms_arrives_at_its_number(endpoint: str) -> None:
    AwsMessages(MessageSettings(has_sms=True)).send(a_message(Channel.SMS, PHONE))
    (text,) = shown(endpoint, "sns/sms-messages")["sms_messages"][PHONE]
    assert text["Message"] == "Use them."


def test_a_push_is_published_under_its_members_id(endpoint: str, topic: str) -> None:
    AwsMessages(MessageSettings(push_topic=topic)).send(a_message(Channel.PUSH, "mem_1"))
    sqs = client("sqs", endpoint)
    queue = sqs.get_queue_url(QueueName="devices")["QueueUrl"]
    (heard,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    assert "mem_1" in heard["Body"]
    assert "Use them." in heard["Body"]


def test_a_carrier_that_cannot_be_reached_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in engines.client_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Down):
        AwsMessages(MessageSettings(SENDER)).send(a_message(Channel.MAIL, LIN))


class Refusing(BaseHTTPRequestHandler):
    """Answers every call with an error of the code that its path begins with."""

    def do_POST(self) -> None:
        """Refuse."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("x-amzn-ErrorType", self.path.split("/")[1])
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("code", "told"),
    [("MessageRejected", Down), ("BadRequestException", Down), ("OptedOutException", Rejected)],
)
def test_what_may_be_about_the_sender_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, code: str, told: type[Exception]
) -> None:
    """SES says `MessageRejected` of every mail whose sender nobody has verified."""
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        endpoint = f"http://127.0.0.1:{server.server_port}/{code}"
        for name, value in engines.client_environment(endpoint).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        Thread(target=server.handle_request).start()
        with pytest.raises(told):
            AwsMessages(MessageSettings(SENDER)).send(a_message(Channel.MAIL, LIN))


def test_a_topic_that_is_gone_is_ours_to_mend_and_tried_again(endpoint: str, topic: str) -> None:
    assert endpoint
    with pytest.raises(Down):
        AwsMessages(MessageSettings(push_topic=f"{topic}-gone")).send(
            a_message(Channel.PUSH, "mem_1")
        )


def test_a_way_that_is_closed_carries_nothing() -> None:
    nobody = AwsMessages(MessageSettings())
    assert nobody.channels == frozenset()
    with pytest.raises(Rejected):
        nobody.send(a_message(Channel.MAIL, LIN))
