"""Voucher codes: a file is looked over, imported, and what it holds is sold, each code once."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.coded import (
    CODES,
    buy,
    coded,
    execute,
    fill,
    imported,
    previewed,
    revealed,
    shown,
    stock,
    upload,
)
from tests.events import FINANCE, SUPPORT
from tests.mall import Mall, made
from tests.rows import everything, of_sort

NOBODY: Final = "imp_00000000000"


def test_a_preview_tells_what_a_file_holds_line_by_line(mall: Mall) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, 'code,note\r\nAAAA,"x"\r\n\r\nBBBB\r\nAAAA\r\n=1+1\r\n')
    assert told == {
        "id": told["id"],
        "created_at": "2026-11-21T04:00:00Z",
        "state": "previewed",
        "lines": 5,
        "valid": 2,
        "problems": [
            {"line": 3, "problem": "blank", "of_line": None},
            {"line": 5, "problem": "duplicate", "of_line": 2},
            {"line": 6, "problem": "malformed", "of_line": None},
        ],
        "problems_total": 3,
        "imported": 0,
        "skipped": 0,
    }
    assert stock(mall, reward) == (0, 0)
    assert shown(mall, reward, told) == told


def test_an_import_puts_every_code_on_the_shelf(mall: Mall) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, "\n".join(CODES))
    done = made(execute(mall, reward, told), 200)
    assert done == {**told, "state": "done", "imported": 3}
    assert shown(mall, reward, told) == done
    assert stock(mall, reward) == (3, 3)
    assert revealed(mall, reward) == list(CODES)


def test_imported_codes_are_sold_each_once_and_then_no_more(mall: Mall) -> None:
    reward = coded(mall)
    lin = mall.member(points=10)
    assert buy(lin, reward, "early").code == "sold_out"
    imported(mall, reward, CODES)
    assert [buy(lin, reward, f"k{n}").status for n in range(3)] == [201, 201, 201]
    assert buy(lin, reward, "late").code == "sold_out"
    assert stock(mall, reward) == (3, 0)
    imported(mall, reward, ["AUTUMN-1"], key="more")
    assert buy(lin, reward, "late").status == 201


def test_an_import_that_is_done_does_nothing_more(mall: Mall) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, "\n".join(CODES))
    done = made(execute(mall, reward, told), 200)
    before = everything()
    assert made(execute(mall, reward, told), 200) == done
    assert everything() == before


def test_the_same_file_again_holds_nothing_new(mall: Mall) -> None:
    reward = coded(mall)
    imported(mall, reward, CODES)
    again = previewed(mall, reward, "\n".join(CODES), key="again")
    assert (again["lines"], again["valid"], again["problems_total"]) == (3, 0, 3)
    assert {problem["problem"] for problem in again["problems"]} == {"exists"}
    done = made(execute(mall, reward, again), 200)
    assert (done["state"], done["imported"], done["skipped"]) == ("done", 0, 0)
    assert stock(mall, reward) == (3, 3)


def test_a_code_that_another_import_brought_meanwhile_is_skipped(mall: Mall) -> None:
    reward = coded(mall)
    early = previewed(mall, reward, "AAAA\nBBBB\nCCCC", key="early")
    late = previewed(mall, reward, "BBBB\nDDDD", key="late")
    done = made(execute(mall, reward, late), 200)
    assert (done["imported"], done["skipped"]) == (2, 0)
    done = made(execute(mall, reward, early), 200)
    assert (done["imported"], done["skipped"]) == (2, 1)
    assert stock(mall, reward) == (4, 4)
    assert revealed(mall, reward) == ["BBBB", "DDDD", "AAAA", "CCCC"]


def test_no_two_rewards_have_the_same_code(mall: Mall) -> None:
    one, other = coded(mall), coded(mall)
    imported(mall, one, CODES, key="one")
    told = imported(mall, other, CODES, key="other")
    assert (told["imported"], {one["problem"] for one in told["problems"]}) == (0, {"exists"})
    assert stock(mall, other) == (0, 0)


@pytest.mark.parametrize("csv", ["", "code\n"])
def test_a_file_without_codes_imports_nothing(mall: Mall, csv: str) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, csv)
    assert (told["lines"], told["valid"]) == (0, 0)
    assert made(execute(mall, reward, told), 200)["state"] == "done"
    assert stock(mall, reward) == (0, 0)


def test_the_first_hundred_problems_are_told_and_all_of_them_counted(mall: Mall) -> None:
    told = previewed(mall, coded(mall), "AAAA\n" + "\n" * 150)
    assert [problem["line"] for problem in told["problems"]] == list(range(2, 102))
    assert (told["valid"], told["problems_total"], told["lines"]) == (1, 150, 151)


def test_the_same_request_again_gets_the_same_answer(mall: Mall) -> None:
    reward = coded(mall)
    first = upload(mall, reward, "AAAA\n\nBBBB")
    again = upload(mall, reward, "AAAA\n\nBBBB")
    assert (again.status, again.json) == (201, first.json)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    made(execute(mall, reward, first.json), 200)
    late = upload(mall, reward, "AAAA\n\nBBBB")
    assert (late.status, late.json) == (201, first.json)
    assert len(of_sort("I#")) == 1


def test_another_request_under_the_same_key_is_refused(mall: Mall) -> None:
    reward, other, plain = coded(mall), coded(mall), mall.reward()
    previewed(mall, reward, "AAAA")
    for reply in (
        upload(mall, reward, "BBBB"),
        upload(mall, other, "AAAA"),
        upload(mall, plain, "AAAA"),
        upload(mall, "rwd_00000000000", "AAAA"),
    ):
        assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    assert len(of_sort("I#")) == 1


@pytest.mark.parametrize("mode", ["unlimited", "counted", "numbered"])
def test_only_a_reward_of_codes_takes_codes(mall: Mall, mode: str) -> None:
    reward = mall.reward(stock={"mode": mode})
    reply = upload(mall, reward, "AAAA")
    assert (reply.status, reply.code) == (409, "stock_not_coded")
    assert of_sort("I#") == []
    path = f"/admin/rewards/{reward}/codes"
    chinese = mall.marketing.post(
        path, {"csv": "AAAA"}, key="k", headers={"Accept-Language": "zh-CN"}
    )
    assert chinese["detail"] == "该奖励的库存不是兑换码，无法导入兑换码。"


def test_an_unknown_reward_or_import_is_not_found(mall: Mall) -> None:
    reward, other = coded(mall), coded(mall)
    told = previewed(mall, reward, "AAAA")
    for name in ("rwd_00000000000", "x", "..%2F.."):
        assert upload(mall, name, "AAAA", key="other").code == "not_found"
        assert mall.marketing.get(f"/admin/rewards/{name}/codes").code == "not_found"
    for place in (f"{reward}/codes/{NOBODY}", f"{reward}/codes/x", f"{other}/codes/{told['id']}"):
        assert mall.marketing.get(f"/admin/rewards/{place}").code == "not_found"
        assert mall.marketing.post(f"/admin/rewards/{place}/execute").code == "not_found"
    assert shown(mall, reward, told)["state"] == "previewed"


def test_imports_are_listed_newest_first_each_reward_its_own(mall: Mall) -> None:
    reward, other = coded(mall), coded(mall)
    ids = []
    for number in range(3):
        ids.append(previewed(mall, reward, f"AAA{number}", key=f"k{number}")["id"])
        mall.clock.advance(seconds=1)
    previewed(mall, other, "AAAA", key="other")
    path = f"/admin/rewards/{reward}/codes"
    first = made(mall.marketing.get(f"{path}?limit=2"), 200)
    assert [told["id"] for told in first["items"]] == [ids[2], ids[1]]
    rest = made(mall.marketing.get(f"{path}?limit=2&cursor={first['next_cursor']}"), 200)
    assert [told["id"] for told in rest["items"]] == [ids[0]]
    assert rest["next_cursor"] is None


def test_only_marketing_and_admin_may_import(mall: Mall) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, "AAAA")
    path = f"/admin/rewards/{reward}/codes"
    assert mall.marketing.post(path, {"csv": "AAAA"}).code == "idempotency_key_required"
    for caller in (SUPPORT, FINANCE):
        api = mall.marketing.by(caller)
        replies = (
            api.post(path, {"csv": "AAAA"}, key="x"),
            api.get(path),
            api.get(f"{path}/{told['id']}"),
            api.post(f"{path}/{told['id']}/execute"),
        )
        assert {reply.code for reply in replies} == {"forbidden"}


def test_a_reward_never_has_more_codes_than_it_may(mall: Mall) -> None:
    reward = coded(mall)
    told = previewed(mall, reward, "AAAA\nBBBB")
    fill(reward, reserved=99_999)
    reply = execute(mall, reward, told)
    assert (reply.status, reply.code, reply["units_max"]) == (409, "stock_full", 100_000)
    assert shown(mall, reward, told)["state"] == "previewed"
    fill(reward, reserved=99_998)
    assert made(execute(mall, reward, told), 200)["imported"] == 2


def test_an_import_is_in_the_audit_log_without_codes(mall: Mall) -> None:
    reward = coded(mall)
    early = previewed(mall, reward, "AAAA\nBBBB", key="early")
    imported(mall, reward, ["AAAA"], key="late")
    mall.clock.advance(seconds=1)
    made(execute(mall, reward, early), 200)
    audited = mall.support.get("/admin/audit")["items"][0]
    assert (audited["what"], audited["subject"], audited["by"]) == (
        "reward.import",
        reward,
        "op-marketing",
    )
    begun = {"import_id": early["id"], "state": "running", "imported": 0, "skipped": 0, "left": 2}
    assert audited["before"] == begun
    assert audited["after"] == begun | {"state": "done", "imported": 1, "skipped": 1, "left": 0}
