"""Joining the program and being a member of it, through the front door."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from chalicelib.kernel.errors import Contended
from chalicelib.ledger.members import service
from chalicelib.ledger.members.model import Enrolment
from chalicelib.storage.work import Work
from tests.events import FINANCE, Reply, a_caller
from tests.faults import Fault, faults
from tests.mall import OPENING, Mall, id_of
from tests.rows import erase, everything, of_sort

PHONE: Final = "+8613800000001"
LIN: Final = {
    "name": "Lin",
    "email": "lin@example.test",
    "phone": PHONE,
    "birthday": "1990-05-17",
}
AT_ONCE: Final = 16


def at_once(call: Callable[[int], Reply]) -> Counter[int]:
    """Send calls at once and return how often each status came."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(reply.status for reply in threads.map(call, range(AT_ONCE)))


def test_a_till_that_enrols_reads_the_head_once(mall: Mall) -> None:
    mall.till.post("/members", {})
    with faults() as calls:
        assert mall.till.post("/members", LIN).status == 201
    assert calls.made == ["BatchGetItem", "TransactWriteItems"]


def test_a_till_makes_somebody_a_member(mall: Mall) -> None:
    made = mall.till.post("/members", LIN)
    assert made.status == 201
    assert made["id"].startswith("mem_")
    assert made.json == {
        **LIN,
        "id": made["id"],
        "language": "zh-CN",
        "referred_by": None,
        "standing": {"level": "basic"},
        "membership": None,
        "frozen": False,
        "enrolled_at": "2026-11-21T04:00:00Z",
        "erased_at": None,
    }
    assert mall.support.get(f"/admin/members/{made['id']}").json == made.json
    assert mall.support.by(FINANCE).get(f"/admin/members/{made['id']}").status == 200


def test_a_member_enrolled_by_subject_is_who_signs_in_with_it(mall: Mall) -> None:
    made = mall.till.post("/members", {"subject": "sub-lin", **LIN})
    lin = mall.till.by(a_caller("member", subject="sub-lin"))
    assert lin.get("/me").json == made.json
    assert lin.post("/me", {"name": "Other", "language": "zh-CN"}).json == made.json


def test_an_operators_enrolment_is_audited_by_the_names_of_its_fields(mall: Mall) -> None:
    mall.clock.advance(seconds=1)
    made = mall.support.post("/members", {**LIN, "subject": "sub-lin"})
    row = mall.support.get("/admin/audit")["items"][0]
    assert (row["what"], row["by"], row["subject"]) == ("member.enrol", "op-support", made["id"])
    assert (row["before"], row["after"]) == (None, None)
    assert row["fields"] == ["name", "email", "phone", "birthday"]


def test_a_tills_enrolment_is_no_persons_change(mall: Mall) -> None:
    mall.till.post("/members", LIN)
    assert [row["what"] for row in mall.support.get("/admin/audit")["items"]] == ["program.change"]


def test_personal_data_lives_in_the_profile_and_nowhere_else(mall: Mall) -> None:
    mall.support.post("/members", {**LIN, "subject": "sub-lin"})
    private = [*LIN.values(), PHONE[1:], "sub-lin"]
    others = [str(item) for item in everything() if item["s"]["S"] != "P"]
    assert len(others) > 3
    assert not [text for text in private for item in others if text in item]


def test_one_subject_is_one_member(mall: Mall) -> None:
    assert mall.till.post("/members", {"subject": "sub-lin"}).status == 201
    before = everything()
    again = mall.till.post("/members", {"subject": "sub-lin", "phone": PHONE})
    assert (again.status, again.code) == (409, "subject_taken")
    assert everything() == before


def test_one_phone_is_one_member(mall: Mall) -> None:
    assert mall.till.post("/members", LIN).status == 201
    before = everything()
    for caller in (mall.till, mall.support):
        again = caller.post("/members", {"subject": "sub-other", "phone": PHONE})
        assert (again.status, again.code) == (409, "phone_taken")
    assert everything() == before


def test_somebody_may_be_referred_by_a_member_and_by_nobody_else(mall: Mall) -> None:
    mall.member("sub-wei")
    made = mall.till.post("/members", {"referred_by": id_of("sub-wei")})
    assert made["referred_by"] == id_of("sub-wei")
    for nobody in (id_of("sub-nobody"), "wei", "", "mem_" + "0" * 60):
        refused = mall.till.post("/members", {"subject": "sub-lin", "referred_by": nobody})
        assert (refused.status, refused.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 100),
        ("name", "林"),
        ("email", "l@" + "x" * 252),
        ("phone", "+2901234"),
        ("phone", "+123456789012345"),
        ("birthday", "2026-11-20"),
        ("birthday", "1900-01-01"),
        ("subject", "x" * 255),
        ("language", "en"),
        ("referred_by", None),
    ],
)
def test_every_field_is_taken_up_to_its_limit(mall: Mall, field: str, value: object) -> None:
    assert mall.till.post("/members", {field: value}).status == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 101),
        ("name", ""),
        ("name", "a\nb"),
        ("name", 5),
        ("email", "l@" + "x" * 253),
        ("email", "lin"),
        ("email", "lin@@example.test"),
        ("email", "lin @example.test"),
        ("phone", "13800000001"),
        ("phone", "+86 13800000001"),
        ("phone", "+1234567890123456"),
        ("phone", "+8613800000001\n"),
        ("phone", 8613800000001),
        ("birthday", "2026-11-21"),
        ("birthday", "1899-12-31"),
        ("birthday", "2001-02-29"),
        ("birthday", "1990-5-17"),
        ("birthday", "1990-05-17T00:00:00"),
        ("birthday", "643000000"),
        ("birthday", 643000000),
        ("subject", "x" * 256),
        ("subject", ""),
        ("subject", "two words"),
        ("language", "fr"),
        ("referred_by", "x" * 65),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(
    mall: Mall, field: str, value: object
) -> None:
    before = everything()
    refused = mall.till.post("/members", {field: value})
    assert (refused.status, refused.code) == (422, "invalid")
    assert refused.pointers() == [f"/{field}"]
    assert everything() == before


def test_a_client_that_is_no_channel_may_neither_enrol_nor_resolve(mall: Mall) -> None:
    stranger = mall.till.by(a_caller("channel", subject="till-9", client="till-9"))
    assert stranger.post("/members", LIN).code == "forbidden"
    assert stranger.post("/members/resolve", {"phone": PHONE}).code == "forbidden"


def test_joining_twice_changes_nothing(mall: Mall) -> None:
    lin = mall.till.by(a_caller("member", subject="sub-lin"))
    first = lin.post("/me", {"name": "Lin", "email": "lin@example.test", "birthday": "1990-05-17"})
    assert (first.status, first["id"]) == (201, id_of("sub-lin"))
    assert (first["language"], first["phone"]) == ("en", None)
    mall.clock.advance(days=1)
    again = lin.post("/me", {"name": "Somebody", "language": "zh-CN"})
    assert (again.status, again.json) == (200, first.json)
    assert lin.get("/me").json == first.json


def test_joining_needs_no_word(mall: Mall) -> None:
    caller = mall.till.by(a_caller("member", subject="sub-lin"))
    assert caller.post("/me", headers={"Accept-Language": "zh"})["language"] == "zh-CN"
    other = mall.till.by(a_caller("member", subject="sub-wei"))
    assert other.post("/me", {"language": "zh-CN"})["language"] == "zh-CN"
    third = mall.till.by(a_caller("member", subject="sub-mei"))
    assert third.post("/me", {"birthday": "2026-11-21"}).pointers() == ["/birthday"]
    assert third.post("/me", {"phone": PHONE}).pointers() == ["/phone"]


def test_who_has_not_joined_has_no_profile_and_no_code(mall: Mall) -> None:
    stranger = mall.till.by(a_caller("member", subject="sub-nobody"))
    for path in ("/me", "/me/code"):
        assert (stranger.get(path).status, stranger.get(path).code) == (404, "not_enrolled")


def test_of_many_who_join_as_one_subject_one_is_first(mall: Mall) -> None:
    lin = mall.till.by(a_caller("member", subject="sub-lin"))
    assert at_once(lambda _: lin.post("/me")) == {201: 1, 200: AT_ONCE - 1}
    assert len(lin.get("/me/journal")["items"]) == 1


def test_of_many_who_join_with_one_phone_one_gets_it(mall: Mall) -> None:
    bodies = [{"subject": f"sub-{number}", "phone": PHONE} for number in range(AT_ONCE)]
    assert at_once(lambda n: mall.till.post("/members", bodies[n])) == {201: 1, 409: AT_ONCE - 1}
    assert len(of_sort("W")) == 1
    assert len(of_sort("P")) == 1


def test_the_first_members_of_a_program_do_not_lose_to_each_other(mall: Mall) -> None:
    bodies = [{"subject": f"sub-{number}"} for number in range(AT_ONCE)]
    assert at_once(lambda n: mall.till.post("/members", bodies[n])) == {201: AT_ONCE}


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT, Fault.THROTTLED, Fault.CONFLICT])
def test_an_enrolment_survives_one_fault_of_the_database(mall: Mall, fault: Fault) -> None:
    caller = mall.till.by(a_caller("member", subject="sub-lin"))
    with faults({0: fault}, only="TransactWriteItems"):
        assert caller.post("/me").status == 201
    with faults({0: fault}, only="TransactWriteItems"):
        assert mall.till.post("/members", LIN).status == 201
    assert len(of_sort("P")) == 2


def test_an_enrolment_whose_every_reply_is_lost_is_looked_up(mall: Mall) -> None:
    work = Work(OPENING, pause=lambda _: None, elapsed=itertools.count().__next__)
    with faults(dict.fromkeys(range(9), Fault.LOST), only="TransactWriteItems"):
        made = service.enrol_by_operator(work, Enrolment(phone=PHONE), subject=None, by="op")
    assert service.member(work, made.profile.member_id) == made
    assert mall.till.post("/members/resolve", {"phone": PHONE})["member_id"] == (
        made.profile.member_id
    )


def test_a_wallet_that_is_there_is_never_begun_anew(mall: Mall) -> None:
    mall.member("sub-lin")
    erase(id_of("sub-lin"), "P")
    before = everything()
    work = Work(OPENING, pause=lambda _: None, elapsed=itertools.count().__next__)
    with pytest.raises(Contended):
        service.enrol_self(work, Enrolment(), subject="sub-lin")
    assert everything() == before
