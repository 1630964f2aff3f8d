"""What members tell of themselves after they have joined: what nobody had told, and a language."""

from __future__ import annotations

from typing import Final

import pytest

from tests.events import Api, Json, a_caller
from tests.faults import Fault, faults
from tests.mall import Mall, id_of, made
from tests.orders import change_program
from tests.privacy import erased
from tests.rows import everything

MORE: Final[Json] = {"name": "Lin", "email": "lin@example.test", "birthday": "1990-05-17"}
RIVALS: Final = [
    ("name", ["Lin", "Ann"]),
    ("email", ["l@b", "a@b"]),
    ("birthday", ["1990-05-17", "1990-11-21"]),
    ("language", ["zh-CN", "en"]),
]


def at_a_till(mall: Mall, **told: str) -> Api:
    """Return somebody whom a till made a member, and who signs in."""
    made(mall.till.post("/members", {"subject": "lin", **told}), 201)
    return Api(mall.app, a_caller("member", subject="lin"))


def test_whom_a_till_enrolled_tells_once_what_was_never_told(mall: Mall) -> None:
    lin = at_a_till(mall, phone="+8613800000001")
    before = made(lin.get("/me"), 200)
    assert (before["language"], before["birthday"]) == ("zh-CN", None)
    told = made(lin.post("/me", MORE), 200)
    # A header says a language, too.
    assert told == before | MORE | {"language": "en"} == made(lin.get("/me"), 200)
    rows = everything()
    other = {"name": "Ann", "email": "a@b", "birthday": "1990-11-21", "language": "zh-CN"}
    assert made(lin.post("/me", other), 200) == told
    assert everything() == rows
    erased(lin)
    assert lin.post("/me", MORE).code == "account_erased"


@pytest.mark.parametrize("header", ["", "*", "fr"])
def test_who_names_no_language_gets_the_programs_first_until_they_do(
    mall: Mall, header: str
) -> None:
    change_program(mall, languages=["en"])
    lin = Api(mall.app, a_caller("member", subject="lin"))
    joined = made(lin.post("/me", headers={"Accept-Language": header}), 201)
    assert joined["language"] == "en"
    assert made(lin.post("/me", headers={"Accept-Language": "zh"}), 200)["language"] == "zh-CN"
    assert made(lin.post("/me", {"language": "en"}), 200)["language"] == "zh-CN"


def test_the_language_that_was_assumed_is_kept_once_a_member_names_it(mall: Mall) -> None:
    lin, header = at_a_till(mall), {"Accept-Language": "en"}
    made(lin.put("/me/notices", {"sms": True}), 200)
    assert made(lin.put("/me/notices", {"language": "zh-CN"}), 200)["language"] == "zh-CN"
    rows = everything()
    made(lin.put("/me/notices", {"language": "zh-CN"}), 200)
    assert made(lin.post("/me", headers=header), 200)["language"] == "zh-CN"
    assert everything() == rows
    # Who named none has none named.
    made(mall.till.post("/members", {"subject": "wei"}), 201)
    wei = Api(mall.app, a_caller("member", subject="wei"))
    made(wei.put("/me/notices", {"sms": True}), 200)
    assert made(wei.post("/me", headers=header), 200)["language"] == "en"


def test_who_joined_without_a_birthday_sets_it_once_to_a_day_of_the_past(mall: Mall) -> None:
    lin, before = mall.member("lin"), everything()
    refused = lin.post("/me", {"birthday": "2026-11-21"})
    assert (refused.status, refused.pointers()) == (422, ["/birthday"])
    assert everything() == before
    with faults({0: Fault.LOST}, only="TransactWriteItems"):
        assert made(lin.post("/me", {"birthday": "1990-05-17"}), 200)["birthday"] == "1990-05-17"


@pytest.mark.parametrize(("field", "values"), RIVALS)
def test_who_comes_second_finds_what_the_first_told(
    mall: Mall, field: str, values: list[str]
) -> None:
    # A language that was told already: nothing else stands against the second one.
    lin = at_a_till(mall, **{} if field == "language" else {"language": "en"})

    def come_first() -> None:
        made(lin.post("/me", {field: values[0]}), 200)

    with faults({0: come_first}, only="TransactWriteItems"):
        told = made(lin.post("/me", {field: values[1]}), 200)
    assert told[field] == values[0] == lin.get("/me")[field]


def test_whom_a_member_referred_keeps_the_contacts_by_which_that_was_judged(mall: Mall) -> None:
    mall.member("wei")
    lin = at_a_till(mall, referred_by=id_of("wei"))
    told = made(lin.post("/me", {**MORE, "device": "9f2c", "referred_by": id_of("lin")}), 200)
    assert (told["birthday"], told["email"]) == ("1990-05-17", None)
    assert told["referred_by"] == id_of("wei")


@pytest.mark.parametrize(
    ("method", "path", "told", "code"),
    [
        ("POST", "/me", {"name": "Lin"}, "account_erased"),
        ("PUT", "/me/notices", {"language": "en"}, "unauthenticated"),
    ],
)
def test_nothing_is_told_of_somebody_who_left_in_between(
    mall: Mall, *, method: str, path: str, told: Json, code: str
) -> None:
    lin = at_a_till(mall, language="zh-CN")

    def leave() -> None:
        erased(lin)

    with faults({0: leave}, only="TransactWriteItems"):
        late = lin.call(method, path, body=told)
    assert late.code == code
    left = mall.support.get(f"/admin/members/{id_of('lin')}")
    assert (left["language"], left["name"]) == ("zh-CN", None)


def test_a_till_tells_a_language_and_its_member_changes_it_for_all_that_is_sent(mall: Mall) -> None:
    lin = at_a_till(mall, language="en", **MORE)
    assert made(lin.get("/me/notices"), 200)["language"] == "en"
    wishes = made(lin.put("/me/notices", {"language": "zh-CN", "sms": True}), 200)
    assert (wishes["language"], wishes["sms"]) == ("zh-CN", True)
    assert made(lin.get("/me"), 200)["language"] == "zh-CN"
    rows = everything()
    assert made(lin.put("/me/notices", wishes), 200) == wishes
    assert everything() == rows
    assert lin.put("/me/notices", {"language": "fr"}).pointers() == ["/language"]
