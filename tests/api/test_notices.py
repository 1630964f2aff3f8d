"""How a member wishes to be told, and what was put aside, over HTTP."""

from __future__ import annotations

from typing import Final

import pytest

from tests.events import Api, Json, a_caller
from tests.mall import Mall, made
from tests.rows import of_sort

AT_FIRST: Final = {
    "mail": True,
    "sms": False,
    "push": False,
    "reminders": True,
    "quiet": {"from": "22:00", "until": "08:00"},
    "language": "en",
}


def test_mail_and_reminders_are_on_and_nights_are_quiet_until_a_member_says_otherwise(
    mall: Mall,
) -> None:
    assert made(mall.member().get("/me/notices"), 200) == AT_FIRST


def test_what_is_left_out_stays_as_it_is(mall: Mall) -> None:
    lin = mall.member()
    sleepy = {"from": "00:30", "until": "12:00"}
    assert made(lin.put("/me/notices", {"quiet": sleepy}), 200) == AT_FIRST | {"quiet": sleepy}
    changed = AT_FIRST | {"quiet": sleepy, "reminders": False, "push": True}
    assert made(lin.put("/me/notices", {"reminders": False, "push": True}), 200) == changed
    assert made(lin.put("/me/notices", {"quiet": None}), 200) == changed | {"quiet": None}
    assert made(lin.get("/me/notices"), 200) == changed | {"quiet": None}


def test_what_was_read_can_be_sent_back_and_changes_nothing(mall: Mall) -> None:
    lin = mall.member()
    made(lin.put("/me/notices", {"sms": True}), 200)
    (before,) = [item for item in of_sort("N") if item["s"]["S"] == "N"]
    made(lin.put("/me/notices", made(lin.get("/me/notices"), 200)), 200)
    assert [item for item in of_sort("N") if item["s"]["S"] == "N"] == [before]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"mail": "yes"}, "/mail"),
        ({"mail": 1}, "/mail"),
        ({"fax": True}, "/fax"),
        ({"quiet": {"from": "24:00", "until": "08:00"}}, "/quiet/from"),
        ({"quiet": {"from": "8:00", "until": "09:00"}}, "/quiet/from"),
        ({"quiet": {"from": "22:00"}}, "/quiet/until"),
        ({"quiet": {"from": "22:00", "until": "22:00"}}, "/quiet"),
    ],
)
def test_wishes_that_nobody_understands_are_refused(mall: Mall, body: Json, pointer: str) -> None:
    reply = mall.member().put("/me/notices", body)
    assert (reply.status, reply.code) == (422, "invalid")
    assert reply["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("method", ["get", "put"])
def test_who_is_no_member_has_no_wishes(mall: Mall, method: str) -> None:
    stranger = Api(mall.app, a_caller("member", subject="stranger"))
    reply = stranger.get("/me/notices") if method == "get" else stranger.put("/me/notices", {})
    assert (reply.status, reply.code) == (404, "not_enrolled")


def test_nothing_is_parked_at_first_and_what_is_not_there_is_not_found(mall: Mall) -> None:
    assert made(mall.support.get("/admin/parked"), 200) == {"items": [], "next_cursor": None}
    for unknown in ("prk_0Ab1Cd2Ef3G4Hi5J", "%2e%2e", "x"):
        reply = mall.support.post(f"/admin/parked/{unknown}/replay")
        assert (reply.status, reply.code) == (404, "not_found")
