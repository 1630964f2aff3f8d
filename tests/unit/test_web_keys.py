"""How often the issuer is asked for its keys, and what it may answer."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from typing_extensions import override

from chalicelib.kernel.errors import Unavailable
from chalicelib.web.tokens import (
    FETCH_AGAIN_SECONDS,
    JWKS_BYTES_MAX,
    KEYS_KEPT_SECONDS,
    KEYS_STALE_SECONDS_MAX,
    fetch,
)
from tests.tokens import (
    Issuer,
    a_jwk,
    a_token,
    accepted,
    checked,
    refused,
)


def test_keys_are_fetched_once_for_ten_minutes() -> None:
    issuer = Issuer()
    keys = issuer.keys()
    for _ in range(3):
        checked(a_token(), keys)
    issuer.seconds += KEYS_KEPT_SECONDS
    checked(a_token(), keys)
    assert issuer.asked == 1
    issuer.seconds += 1
    checked(a_token(), keys)
    assert issuer.asked == 2


def test_an_unknown_key_id_asks_again_but_at_most_once_in_ten_seconds() -> None:
    issuer = Issuer()
    keys = issuer.keys()
    checked(a_token(), keys)
    for number in range(50):
        assert refused(a_token(kid=f"made-up-{number}"), keys)
    assert issuer.asked == 1
    issuer.seconds += FETCH_AGAIN_SECONDS
    for number in range(50):
        assert refused(a_token(kid=f"made-up-{number}"), keys)
    assert issuer.asked == 2


def test_a_new_key_is_found_without_waiting_ten_minutes() -> None:
    issuer = Issuer()
    keys = issuer.keys()
    checked(a_token(), keys)
    issuer.published = {"keys": [a_jwk("one"), a_jwk("two")]}
    issuer.seconds += FETCH_AGAIN_SECONDS
    assert accepted(a_token(signed_by="two"), keys)


def test_a_withdrawn_key_stops_counting_when_keys_are_fetched_again() -> None:
    issuer = Issuer()
    keys = issuer.keys()
    checked(a_token(), keys)
    issuer.published = {"keys": [a_jwk("two")]}
    issuer.seconds += KEYS_KEPT_SECONDS + 1
    assert refused(a_token(), keys)


def test_known_keys_outlive_an_issuer_that_is_down_for_an_hour_and_no_longer() -> None:
    issuer = Issuer()
    keys = issuer.keys()
    checked(a_token(), keys)
    issuer.down = True
    issuer.seconds += KEYS_STALE_SECONDS_MAX
    assert accepted(a_token(), keys)
    issuer.seconds += 1
    with pytest.raises(Unavailable):
        checked(a_token(), keys)


@pytest.mark.parametrize(
    "published",
    [{}, {"keys": None}, {"keys": []}, {"keys": 7}, {"keys": [{"kty": "RSA", "kid": "one"}]}],
)
def test_without_any_keys_nobody_is_let_in_and_nobody_is_blamed(
    published: dict[str, object],
) -> None:
    issuer = Issuer(published=published)
    with pytest.raises(Unavailable):
        checked(a_token(), issuer.keys())
    issuer.down = True
    with pytest.raises(Unavailable):
        checked(a_token(), issuer.keys())


def test_an_issuer_that_is_down_is_asked_at_most_once_in_ten_seconds() -> None:
    issuer = Issuer(down=True)
    keys = issuer.keys()
    for _ in range(5):
        with pytest.raises(Unavailable):
            checked(a_token(), keys)
    assert issuer.asked == 1


def test_keys_come_from_the_web_or_from_this_machine_and_nowhere_else() -> None:
    for url in ("file:///etc/hostname", "http://issuer.example.test/keys", "ftp://x/keys"):
        with pytest.raises(OSError, match="https"):
            fetch(url)


class Answering(BaseHTTPRequestHandler):
    """Answers `/n` with n bytes."""

    def do_GET(self) -> None:
        """Answer."""
        content = b"x" * int(self.path[1:])
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_key_set_at_the_limit_is_read_and_one_byte_more_is_not() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}"
        assert len(fetch(f"{home}/{JWKS_BYTES_MAX}")) == JWKS_BYTES_MAX
        with pytest.raises(OSError, match="too large"):
            fetch(f"{home}/{JWKS_BYTES_MAX + 1}")
        server.shutdown()
