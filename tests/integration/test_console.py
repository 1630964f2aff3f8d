"""The console's verify: silent about good books, loud about bad ones."""

from __future__ import annotations

import pytest

from chalicelib.ledger.wallets.store import WalletItem
from infra.console.__main__ import main
from tests.mall import Mall, id_of


def test_good_books_balance(mall: Mall, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        mall.member(f"m{number}", points=100)
    assert main(["verify"]) == 0
    told = capsys.readouterr().out
    assert "issued                       -300" in told
    assert "trial balance holds; 0 fault(s)" in told


def test_one_member_is_verified(mall: Mall, capsys: pytest.CaptureFixture[str]) -> None:
    mall.member("lin", points=100)
    assert main(["verify", id_of("lin")]) == 0
    assert f"{id_of('lin')}: intact" in capsys.readouterr().out


def test_a_balance_that_nobody_booked_is_found(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    mall.member("lin", points=100)
    WalletItem(id_of("lin"), "W").update([WalletItem.available.set(1_000)])
    assert main(["verify", id_of("lin")]) == 1
    assert main(["verify"]) == 1
    told = capsys.readouterr().out
    assert f"{id_of('lin')}: the wallet's available is not the journal's" in told
    assert "1 fault(s)" in told


def test_somebody_unknown_is_said_in_one_sentence(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    mall.member()
    assert main(["verify", "mem_00000000000"]) == 1
    assert capsys.readouterr().err == "There is no member mem_00000000000.\n"
