"""What operators see of members and do to them: freezing, thawing, verifying."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Account
from chalicelib.ledger.wallets import service
from chalicelib.program.documents import service as documents
from chalicelib.storage.work import Work
from tests.events import ADMIN, FINANCE, MARKETING, Api
from tests.faults import Fault, faults
from tests.mall import Mall, a_purchase, id_of, made
from tests.postings import claw_back, credit
from tests.rows import erase, everything, overwrite, row

LIN = "sub-lin"
SOON = date(2026, 12, 31)
STOLEN = {"reason": "The card was reported stolen."}
MALFORMED = ["x", "mem_" + "0" * 3000, "program", "mem_0Ab1Cd2Ef3%0A", "%00"]


def work(mall: Mall) -> Work:
    """Return the circumstances of now."""
    return Work(mall.clock.now())


@pytest.fixture
def lin(mall: Mall) -> Api:
    """Return a member without points."""
    return mall.member(LIN)


def of_lin(call: str = "") -> str:
    """Return an operator's path about Lin."""
    return f"/admin/members/{id_of(LIN)}{call}"


@pytest.mark.parametrize("nobody", ["mem_00000000000", *MALFORMED])
def test_an_id_that_is_nobodys_is_not_found(mall: Mall, nobody: str) -> None:
    admin = mall.support.by(ADMIN)
    for call in ("", "/wallet", "/journal", "/verify"):
        assert admin.get(f"/admin/members/{nobody}{call}").code == "not_found"
    for call in ("/freeze", "/thaw"):
        assert admin.post(f"/admin/members/{nobody}{call}", STOLEN).code == "not_found"


@pytest.mark.parametrize("nobody", MALFORMED)
@pytest.mark.parametrize("call", ["", "/wallet", "/journal", "/verify"])
def test_an_id_that_nobody_can_have_is_not_even_looked_up(
    mall: Mall, nobody: str, call: str
) -> None:
    with faults() as calls:
        assert mall.support.get(f"/admin/members/{nobody}{call}").status == 404
    assert calls.made == []


def test_support_freezes_and_thaws_with_a_reason_that_is_kept(mall: Mall, lin: Api) -> None:
    mall.clock.advance(seconds=1)
    frozen = mall.support.post(of_lin("/freeze"), STOLEN)
    assert (frozen.status, frozen.json) == (200, {"id": id_of(LIN), "frozen": True})
    assert lin.get("/me")["frozen"] is True
    row = mall.support.get("/admin/audit")["items"][0]
    assert (row["what"], row["by"], row["subject"]) == ("member.freeze", "op-support", id_of(LIN))
    assert row["before"] == {"frozen": False}
    assert row["after"] == {"frozen": True, **STOLEN}
    mall.clock.advance(days=1)
    made(mall.till.post("/purchases", a_purchase(LIN, 9, "p-1")), 201)
    assert mall.support.post(of_lin("/thaw"), {"reason": "Found."})["frozen"] is False
    assert lin.get("/me")["frozen"] is False
    assert [entry["reason"] for entry in lin.get("/me/journal")["items"]] == [
        "thawed",
        "purchase",
        "frozen",
        "enrolled",
    ]
    row = mall.support.get("/admin/audit")["items"][0]
    assert (row["what"], row["before"]) == ("member.thaw", {"frozen": True})
    assert row["after"] == {"frozen": False, "reason": "Found."}
    in_force = documents.present(work(mall)).version
    entries = journal.page(work(mall), id_of(LIN), limit=9, after=None).items
    assert ([entry.program_version for entry in entries], in_force > 0) == ([in_force] * 4, True)
    assert mall.support.get(of_lin("/verify")).json == {"intact": True, "faults": [], "entries": 4}


@pytest.mark.parametrize("call", ["/freeze", "/thaw"])
def test_a_member_who_is_so_already_stays_so(mall: Mall, lin: Api, call: str) -> None:
    mall.support.post(of_lin(call), STOLEN)
    before = everything()
    again = mall.support.post(of_lin(call), {"reason": "Again."})
    assert (again.status, again["frozen"]) == (200, call == "/freeze")
    assert everything() == before
    assert lin.get("/me")["frozen"] is again["frozen"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": "a\nb"}])
def test_freezing_needs_a_reason(mall: Mall, lin: Api, body: dict[str, str]) -> None:
    refused = mall.support.post(of_lin("/freeze"), body)
    assert (refused.status, refused.pointers()) == (422, ["/reason"])
    assert lin.get("/me")["frozen"] is False
    assert mall.support.post(of_lin("/freeze"), {"reason": "x" * 200}).status == 200


def test_only_support_and_admin_freeze(mall: Mall, lin: Api) -> None:
    for caller in (FINANCE, MARKETING):
        assert lin.by(caller).post(of_lin("/freeze"), STOLEN).status == 403
    assert mall.support.by(ADMIN).post(of_lin("/freeze"), STOLEN).status == 200


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT, Fault.CONFLICT])
def test_freezing_survives_one_fault_of_the_database(mall: Mall, lin: Api, fault: Fault) -> None:
    with faults({0: fault}, only="TransactWriteItems"):
        assert mall.support.post(of_lin("/freeze"), STOLEN)["frozen"] is True
    assert len(lin.get("/me/journal")["items"]) == 2


def test_of_many_who_freeze_at_once_one_does(mall: Mall, lin: Api) -> None:
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(mall.support.post, of_lin("/freeze"), STOLEN) for _ in range(8)]
    assert {call.result().status for call in calls} == {200}
    assert len(lin.get("/me/journal")["items"]) == 2
    rows = mall.support.get("/admin/audit")["items"]
    assert [row["what"] for row in rows].count("member.freeze") == 1


def test_verify_tells_what_was_tampered_with(mall: Mall, lin: Api) -> None:
    assert lin.get("/me").status == 200
    credit(work(mall), id_of(LIN), points=10, expires_on=SOON)
    overwrite(row(id_of(LIN), "W"), a={"N": "11"})
    told = mall.support.get(of_lin("/verify"))
    assert told.json == {
        "intact": False,
        "faults": ["the wallet's available is not the journal's"],
        "entries": 2,
    }
    assert mall.support.by(FINANCE).get(of_lin("/verify")).json == told.json
    erase(id_of(LIN), "J#000000000001")
    assert "version 2 is out of order" in mall.support.get(of_lin("/verify"))["faults"]


def test_verify_finds_an_entry_that_no_wallet_version_belongs_to(mall: Mall, lin: Api) -> None:
    assert lin.get("/me").status == 200
    overwrite(row(id_of(LIN), "J#000000000001"), s={"S": "J#000000000002"})
    assert mall.support.get(of_lin("/verify"))["faults"] == [
        "version 2: the journal is ahead of the wallet"
    ]


def test_verify_finds_nothing_while_the_wallet_is_written_to(mall: Mall, lin: Api) -> None:
    assert lin.get("/me").status == 200

    def write() -> None:
        for _ in range(30):
            credit(work(mall), id_of(LIN), points=1, expires_on=SOON)

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while not writing.done():
            assert mall.support.get(of_lin("/verify"))["faults"] == []
        writing.result()
    assert mall.support.get(of_lin("/verify"))["entries"] == 31


def test_the_audit_of_all_balances_the_books(mall: Mall, lin: Api) -> None:
    assert lin.get("/me").status == 200
    mall.member("sub-wei")
    credit(work(mall), id_of(LIN), points=10, expires_on=SOON)
    claw_back(work(mall), id_of(LIN), points=15, own_date=SOON)
    done: list[int] = []
    audits = list(service.audit_all(work(mall), done.append))
    totals, balanced = service.books_balance(iter(audits))
    assert (done, balanced) == ([1, 2], True)
    assert [audited.faults for audited in audits] == [(), ()]
    assert totals == {
        Account.ISSUED: -10,
        Account.AVAILABLE: 0,
        Account.CLAWED_BACK: 15,
        Account.DEBT: -5,
    }
