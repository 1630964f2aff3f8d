"""The settings of Stripe, all of them or none, none of them ever shown; and of messages."""

from __future__ import annotations

from typing import Final

import pytest

from chalicelib.settings import MessageSettings, SettingsMissing, StripeSettings, read

PLAIN: Final = {
    "JIFEN_TABLE": "table",
    "JIFEN_ISSUER": "https://issuer.example.test",
    "JIFEN_JWKS_URL": "https://issuer.example.test/keys",
    "JIFEN_CLIENTS": "mall",
    "JIFEN_SECRET": "x" * 32,
}
STRIPE: Final = {
    "JIFEN_STRIPE_KEY": "sk_test_hidden",
    "JIFEN_STRIPE_WEBHOOK_SECRETS": "whsec_old, whsec_new,",
    "JIFEN_ENVIRONMENT": "prod",
}


def test_without_stripe_the_program_runs_without_cash() -> None:
    assert read(PLAIN).stripe is None
    assert read(PLAIN | {"JIFEN_ENVIRONMENT": "prod"}).stripe is None


def test_every_secret_of_a_roll_is_read() -> None:
    assert read(PLAIN | STRIPE).stripe == StripeSettings(
        "sk_test_hidden", ("whsec_old", "whsec_new"), "prod"
    )


@pytest.mark.parametrize("missing", sorted(STRIPE))
def test_a_part_of_stripes_settings_is_refused_by_what_is_missing(missing: str) -> None:
    told = {name: value for name, value in STRIPE.items() if name != missing}
    with pytest.raises(SettingsMissing, match=f"^{missing} is missing$"):
        read(PLAIN | told)


@pytest.mark.parametrize(
    "base",
    [
        "https://api.stripe.com",
        "http://stripe.example",
        "http://127.0.0.1.example:80",
        "http://127.0.0.1:80/x",
        "http://u@127.0.0.1:80",
    ],
)
def test_a_key_goes_to_stripe_or_stays_on_this_machine(base: str) -> None:
    with pytest.raises(SettingsMissing, match="JIFEN_STRIPE_BASE"):
        read(PLAIN | STRIPE | {"JIFEN_STRIPE_BASE": base})


@pytest.mark.parametrize("base", ["", "http://127.0.0.1:8001", "http://localhost:1"])
def test_a_stripe_on_this_machine_is_allowed(base: str) -> None:
    told = read(PLAIN | STRIPE | {"JIFEN_STRIPE_BASE": base}).stripe
    assert told is not None
    assert told.base == base


def test_a_publishable_key_is_refused_before_any_order() -> None:
    with pytest.raises(SettingsMissing, match="JIFEN_STRIPE_KEY is not a secret key"):
        read(PLAIN | STRIPE | {"JIFEN_STRIPE_KEY": "pk_test_shown"})


@pytest.mark.parametrize("name", ["Prod", "a b", "x" * 33, "prod:1"])
def test_an_environment_is_a_plain_name(name: str) -> None:
    with pytest.raises(SettingsMissing, match="JIFEN_ENVIRONMENT"):
        read(PLAIN | STRIPE | {"JIFEN_ENVIRONMENT": name})


def test_no_representation_shows_a_key_or_a_secret() -> None:
    told = repr(read(PLAIN | STRIPE).stripe)
    assert "hidden" not in told
    assert "whsec" not in told


def test_members_are_told_nothing_until_it_is_said_by_which_ways() -> None:
    closed = {"JIFEN_MAIL_FROM": "", "JIFEN_SMS": "off", "JIFEN_PUSH_TOPIC": ""}
    assert read(PLAIN).messages == read(PLAIN | closed).messages == MessageSettings()
    told = {"JIFEN_MAIL_FROM": "a@b.test", "JIFEN_SMS": "on", "JIFEN_PUSH_TOPIC": "arn"}
    assert read(PLAIN | told).messages == MessageSettings(
        "a@b.test", has_sms=True, push_topic="arn"
    )
