"""The demo mall's pictures come out of one folder, cacheable, and nothing else does."""

from __future__ import annotations

import json

import pytest

from infra.local import pictures
from infra.local.exchange import Request
from infra.local.pictures import HOME

NAME = min(path.name for path in HOME.glob("*.svg"))


def test_a_picture_is_served_with_its_type_and_a_tag() -> None:
    reply = pictures.answer(Request("GET", f"/pictures/{NAME}"))
    assert (reply.status, reply.body) == (200, (HOME / NAME).read_bytes())
    assert reply.header("Content-Type") == "image/svg+xml"
    assert reply.header("Cache-Control") == "public, max-age=3600"
    assert reply.header("X-Content-Type-Options") == "nosniff"
    assert "script-src" not in reply.header("Content-Security-Policy")
    assert reply.header("Content-Security-Policy").startswith("default-src 'none'")


def test_a_picture_that_the_caller_holds_is_not_sent_again() -> None:
    tag = pictures.answer(Request("GET", f"/pictures/{NAME}")).header("ETag")
    held = Request("GET", f"/pictures/{NAME}", headers={"If-None-Match": tag})
    changed = Request("GET", f"/pictures/{NAME}", headers={"If-None-Match": '"other"'})
    assert (pictures.answer(held).status, pictures.answer(held).body) == (304, b"")
    assert pictures.answer(changed).status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/pictures", "/pictures/", "/pictures/none.svg", "/pictures/../README.md"),
        *("/pictures/../rewards.json", "/pictures/%2e%2e/rewards.json", "/pictures//etc/passwd"),
        *(
            "/pictures/..%2f..%2fissuer.svg",
            "/pictures/.svg",
            f"/pictures/{NAME}/",
            "/pictures/a\x00.svg",
        ),
        f"/pictures/sub/../{NAME}",
    ],
)
def test_nothing_outside_the_folder_is_served(path: str) -> None:
    reply = pictures.answer(Request("GET", path))
    assert (reply.status, json.loads(reply.body)["code"]) == (404, "not_found")


def test_pictures_are_only_read() -> None:
    reply = pictures.answer(Request("POST", f"/pictures/{NAME}"))
    assert (reply.status, reply.header("Allow")) == (405, "GET, HEAD")
