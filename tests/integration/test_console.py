"""The console: silent about good books, loud about bad ones, and exact about adjustments."""

from __future__ import annotations

import pytest

from chalicelib.kernel.errors import KeyInvalid, KeyReused
from chalicelib.ledger.wallets.store import WalletItem
from infra.console.__main__ import main
from tests.mall import Mall, id_of
from tests.rows import everything


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


def test_points_are_given_and_the_wallet_is_told(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, who = mall.member("lin", points=100), id_of("lin")
    assert main(["adjust", who, "50", "--reason", "A tray fell on her coat."]) == 0
    told = f"{who}: 150 points available, 0 held, 0 owed; journal version 3\n"
    assert capsys.readouterr().out.endswith(told)
    assert lin.get("/me/journal")["items"][0]["reason"] == "adjustment"
    assert main(["verify", who]) == 0


def test_points_are_taken_back_and_what_is_missing_is_owed(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    mall.member("lin", points=100)
    assert main(["adjust", id_of("lin"), "-130", "--reason", "Counted twice.", "--by", "mei"]) == 0
    assert "0 points available, 0 held, 30 owed; journal version 3" in capsys.readouterr().out
    (row,) = [row for row in everything() if row.get("w") == {"S": "member.adjust"}]
    assert (row["u"]["S"], row["y"]["S"]) == (id_of("lin"), "mei")
    assert '"reason":"Counted twice."' in row["a"]["S"]


def test_without_a_key_each_adjustment_counts_and_with_one_it_does_once(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    mall.member("lin")
    asked = ["adjust", id_of("lin"), "10", "--reason", "An anniversary."]
    for expected in (10, 20):
        assert main(asked) == 0
        assert f"{expected} points available" in capsys.readouterr().out
    for _ in range(2):
        assert main([*asked, "--key", "once"]) == 0
    told = capsys.readouterr().out
    assert told.count("30 points available") == 2
    assert told.count("This was done before; nothing was changed.") == 1


@pytest.mark.parametrize(
    ("points", "more", "sentence"),
    [
        ("0", (), "An adjustment is of 1 to 1000000000000 points, more or less."),
        ("10", ("--reason", ""), "Reason has 1 to 200 printable characters."),
        ("10", ("--key", "a b"), f"{KeyInvalid.en} The key was a b."),
        ("11", ("--key", "spent"), f"{KeyReused.en} The key was spent."),
    ],
)
def test_an_adjustment_that_is_refused_says_why_in_one_sentence(
    mall: Mall,
    capsys: pytest.CaptureFixture[str],
    points: str,
    more: tuple[str, ...],
    sentence: str,
) -> None:
    mall.member("lin")
    asked = ["adjust", id_of("lin")]
    assert main([*asked, "10", "--reason", "First.", "--key", "spent"]) == 0
    before = everything()
    assert main([*asked, points, "--reason", "First.", *more]) == 1
    assert capsys.readouterr().err == f"{sentence}\n"
    assert everything() == before


def test_nobody_unknown_is_given_points(mall: Mall, capsys: pytest.CaptureFixture[str]) -> None:
    mall.member()
    assert main(["adjust", "mem_00000000000", "10", "--reason", "A slip."]) == 1
    assert capsys.readouterr().err == "There is no member mem_00000000000.\n"
