"""The one place that reads the environment.

Read once, lazily, so that importing the code needs no environment; refuses to start with a list
of everything that is missing. AWS's own variables (region, credentials, endpoints) are read by
botocore and do not stand here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

SECRET_BYTES_MIN: Final = 32
"""As long as the SHA-256 that it keys."""


STRIPE_NAMES: Final = ("JIFEN_STRIPE_KEY", "JIFEN_STRIPE_WEBHOOK_SECRETS", "JIFEN_ENVIRONMENT")
SECRET_KEYS: Final = ("sk_", "rk_")
"""How Stripe's secret and restricted keys begin; a publishable one would fail the first order."""
LIVE_KEYS: Final = ("sk_live_", "rk_live_")
"""How those of them begin that move real money."""
ENVIRONMENT: Final = re.compile(r"[a-z0-9-]{1,32}")
"""A name that fits into every key that is made with it."""
THIS_MACHINE: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost):[0-9]{1,5}")
"""A key goes to Stripe itself, or to a Stripe that never leaves this machine."""


class SettingsMissing(Exception):
    """The environment lacks what this program cannot guess."""


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """Whose Stripe account takes the money.

    `webhook_secrets`: all that count now, two or more while one is rolled. `environment`: what our
    payments are marked with, so that several may share an account. `base`: where Stripe is, empty
    for Stripe itself.
    """

    key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    environment: str
    base: str = ""

    @property
    def is_live(self) -> bool:
        """Tell whether the key moves real money."""
        return self.key.startswith(LIVE_KEYS)


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """By which ways members are told something; with none of them nobody is told anything.

    `mail_from`: the address that mail is sent from, one that SES has verified. `has_sms`: whether
    SMS are sent. `push_topic`: the topic to which pushes are published.
    """

    mail_from: str = ""
    has_sms: bool = False
    push_topic: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment decides.

    `table`: the DynamoDB table. `issuer`, `jwks_url`, `clients`: whose tokens count, where their
    keys are, and which app clients people sign in with. `secret`: keys cursors, member codes, ids.
    `stripe`: without it nothing can be sold for cash, and everything else works. `events_queue`:
    where the queue of Stripe's events is, empty where this function puts nothing into it.
    `messages`: how members are told something, where this function tells them.
    """

    table: str
    issuer: str
    jwks_url: str
    clients: frozenset[str]
    secret: bytes
    stripe: StripeSettings | None = None
    events_queue: str = ""
    messages: MessageSettings = MessageSettings()


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment, or name every variable that is missing or wrong."""
    names = ("JIFEN_TABLE", "JIFEN_ISSUER", "JIFEN_JWKS_URL", "JIFEN_CLIENTS", "JIFEN_SECRET")
    wrong = [f"{name} is missing" for name in names if not environment.get(name)]
    secret = environment.get("JIFEN_SECRET", "").encode()
    if secret and len(secret) < SECRET_BYTES_MIN:
        wrong.append(f"JIFEN_SECRET has fewer than {SECRET_BYTES_MIN} bytes")
    wrong += _wrong_with_stripe(environment)
    if wrong:
        raise SettingsMissing("; ".join(wrong))
    clients = (name.strip() for name in environment["JIFEN_CLIENTS"].split(","))
    return Settings(
        table=environment["JIFEN_TABLE"],
        issuer=environment["JIFEN_ISSUER"],
        jwks_url=environment["JIFEN_JWKS_URL"],
        clients=frozenset(name for name in clients if name),
        secret=secret,
        stripe=_stripe(environment) if environment.get("JIFEN_STRIPE_KEY") else None,
        events_queue=environment.get("JIFEN_EVENTS_QUEUE", ""),
        messages=_messages(environment),
    )


def _wrong_with_stripe(environment: Mapping[str, str]) -> list[str]:
    """Name what is wrong with the settings of Stripe; none of them at all is right."""
    base = environment.get("JIFEN_STRIPE_BASE", "")
    if not any(environment.get(name) for name in STRIPE_NAMES[:2]):
        return []
    wrong = [f"{name} is missing" for name in STRIPE_NAMES if not environment.get(name)]
    if not environment.get("JIFEN_STRIPE_KEY", SECRET_KEYS[0]).startswith(SECRET_KEYS):
        wrong.append("JIFEN_STRIPE_KEY is not a secret key")
    if not ENVIRONMENT.fullmatch(environment.get("JIFEN_ENVIRONMENT") or "ok"):
        wrong.append("JIFEN_ENVIRONMENT is not 1 to 32 small letters, digits and hyphens")
    if base and not THIS_MACHINE.fullmatch(base):
        wrong.append("JIFEN_STRIPE_BASE is not an address of this machine")
    return wrong


def _stripe(environment: Mapping[str, str]) -> StripeSettings:
    secrets = (secret.strip() for secret in environment["JIFEN_STRIPE_WEBHOOK_SECRETS"].split(","))
    return StripeSettings(
        key=environment["JIFEN_STRIPE_KEY"],
        webhook_secrets=tuple(secret for secret in secrets if secret),
        environment=environment["JIFEN_ENVIRONMENT"],
        base=environment.get("JIFEN_STRIPE_BASE", ""),
    )


def _messages(environment: Mapping[str, str]) -> MessageSettings:
    return MessageSettings(
        mail_from=environment.get("JIFEN_MAIL_FROM", ""),
        has_sms=environment.get("JIFEN_SMS", "") == "on",
        push_topic=environment.get("JIFEN_PUSH_TOPIC", ""),
    )


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return read(os.environ)
