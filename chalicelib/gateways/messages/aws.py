"""Mail by SES, SMS and push by SNS, behind the seam.

Which ways are open follows from the settings: mail with an address to send from, SMS when it was
switched on, push with a topic. A push is published to that topic under the member's id; whoever
runs the app's devices listens there and knows whose they are, so Jifen keeps no device's address.

One call and no second try: a message that was not carried is kept and tried again minutes later, by
a job. The price: a mail whose answer was lost is sent twice, as SES knows no key of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from typing_extensions import override

from chalicelib.gateways.messages.errors import Down, Rejected
from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.gateways.messages.port import Messages
from chalicelib.settings import MessageSettings, settings

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0
"""SES and SNS answer within some 100 ms; a batch of the stream waits for them."""
TRIES: Final = 1
REFUSED: Final = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "OptedOut",
        "OptedOutException",
        "ValidationError",
        "ValidationException",
    }
)
"""Codes of SES and SNS that say something of this message alone; all others may be about them, our
rights or our settings, which can be mended. `MessageRejected` is what SES says of a sender that
nobody has verified, and of an account in its sandbox: of every mail, then."""
CONNECTIONS_MAX: Final = 16
"""One for each thread of the job that sends what was held back."""
CHARSET: Final = "UTF-8"


class AwsMessages(Messages):
    """Messages by SES and SNS."""

    def __init__(self, wanted: MessageSettings) -> None:
        """Keep the settings; no client is made yet."""
        self._settings = wanted
        self._clients: dict[str, Any] = {}
        ways: Mapping[Channel, tuple[object, Callable[[Message], None]]] = {
            Channel.MAIL: (wanted.mail_from, self._mail),
            Channel.SMS: (wanted.has_sms, self._sms),
            Channel.PUSH: (wanted.push_topic, self._push),
        }
        self._ways = {channel: way for channel, (is_open, way) in ways.items() if is_open}

    @property
    @override
    def channels(self) -> frozenset[Channel]:
        return frozenset(self._ways)

    @override
    def send(self, message: Message) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        way = self._ways.get(message.channel)
        if way is None:
            raise Rejected("channel_closed")
        try:
            way(message)
        except ClientError as failure:
            code = str(failure.response.get("Error", {}).get("Code", ""))
            raise (Rejected if code in REFUSED else Down)(code) from None
        except BotoCoreError as failure:
            raise Down(type(failure).__name__) from None

    def _mail(self, message: Message) -> None:
        self._client("sesv2").send_email(
            FromEmailAddress=self._settings.mail_from,
            Destination={"ToAddresses": [message.to]},
            Content={
                "Simple": {
                    "Subject": {"Data": message.subject, "Charset": CHARSET},
                    "Body": {"Text": {"Data": message.text, "Charset": CHARSET}},
                }
            },
        )

    def _sms(self, message: Message) -> None:
        self._client("sns").publish(PhoneNumber=message.to, Message=message.text)

    def _push(self, message: Message) -> None:
        self._client("sns").publish(
            TopicArn=self._settings.push_topic,
            Subject="jifen",
            Message=f"{message.subject}\n{message.text}",
            MessageAttributes={
                "member": {"DataType": "String", "StringValue": message.to},
                "key": {"DataType": "String", "StringValue": message.key},
            },
        )

    def _client(self, service: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415
        from botocore.session import get_session  # noqa: PLC0415

        if service not in self._clients:
            config = Config(
                connect_timeout=CONNECT_SECONDS,
                max_pool_connections=CONNECTIONS_MAX,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": TRIES, "mode": "standard"},
            )
            self._clients[service] = get_session().create_client(service, config=config)
        return self._clients[service]


def messages() -> Messages:
    """Return whoever carries this program's messages, by its settings; without any, nobody."""
    return AwsMessages(settings().messages)
