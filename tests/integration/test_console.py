"""The console: silent about good books, loud about bad ones, and exact about adjustments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.kernel.errors import KeyInvalid, KeyReused, NotFound
from chalicelib.ledger.wallets.store import WalletItem
from chalicelib.redeem.reconciliation import service
from chalicelib.settings import settings
from infra.console import __main__ as console
from infra.console.__main__ import main
from tests.mall import Mall, id_of, made
from tests.orders import placed
from tests.reconciled import dear, intent_of
from tests.rows import everything
from tests.stripes import LocalStripe, taking_money


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


def test_what_is_too_much_for_one_person_in_a_day_waits_at_the_desk(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    """However it is split, and under whoever's name: as over the desk itself."""
    lin = mall.member("lin")
    asked = ["adjust", id_of("lin"), "600", "--reason", "A gift.", "--evidence", "ticket 17"]
    assert main([*asked, "--by", "mei", "--key", "a"]) == 0
    assert "600 points available" in capsys.readouterr().out
    assert main([*asked, "--by", "li", "--key", "b"]) == 0
    said, wallet = capsys.readouterr().out.splitlines()
    (waits,) = made(mall.finance.get("/admin/adjustments"), 200)["items"]
    told = (waits["proposed_by"], waits["points"], waits["reason"], waits["evidence"])
    assert told == ("li", 600, "A gift.", "ticket 17")
    assert said == f"{waits['id']} is proposed: a second person decides at the desk."
    assert wallet.endswith(": 600 points available, 0 held, 0 owed; journal version 2")
    path = f"/admin/adjustments/{waits['id']}/approve"
    assert made(mall.finance.post(path, {}, key="yes"), 200)["status"] == "approved"
    assert lin.get("/me/wallet")["available"] == 1_200


def test_nobody_moves_points_of_their_own_alone(
    mall: Mall, capsys: pytest.CaptureFixture[str]
) -> None:
    mall.member("mei")
    assert main(["adjust", id_of("mei"), "1", "--reason", "Mine.", "--by", "mei"]) == 0
    assert " is proposed: " in capsys.readouterr().out


def test_nobody_unknown_is_given_points(mall: Mall, capsys: pytest.CaptureFixture[str]) -> None:
    mall.member()
    assert main(["adjust", "mem_00000000000", "10", "--reason", "A slip."]) == 1
    assert capsys.readouterr().err == "There is no member mem_00000000000.\n"


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, and that the console reaches too."""
    with taking_money(mall, tmp_path) as local:
        monkeypatch.setenv("JIFEN_STRIPE_BASE", local.base)
        settings.cache_clear()
        monkeypatch.setattr(console, "SystemClock", lambda: mall.clock)
        yield local


def test_differences_are_told_with_what_mends_them_and_then_the_sums(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    order = placed(mall.member(points=500), dear(mall))
    stripe.pay_order(order["id"])
    intent = intent_of(mall, order)
    capsys.readouterr()
    assert main(["reconcile"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"Differs: 29.90 CNY was paid ({intent.id}), and the order")
    assert told[1:] == [
        f"    python -m infra.console mend {intent.id}",
        "looked at: 1 orders, 1 payments, 0 refunds, 0 disputes",
        "cash                              here               at Stripe",
        "taken                         0.00 CNY               29.90 CNY",
        "given back                    0.00 CNY                0.00 CNY",
        "1 difference left",
    ]
    assert main(["mend", intent.id]) == 0
    assert capsys.readouterr().out.startswith("Mended: 29.90 CNY was paid")
    assert main(["mend", intent.id]) == 0
    assert capsys.readouterr().out == f"Nothing differs about {intent.id}.\n"
    assert main(["reconcile", "--days", "30", "--mend"]) == 0
    assert capsys.readouterr().out.endswith("0 differences left\n")


@pytest.mark.usefixtures("mall", "stripe")
def test_what_a_command_without_a_member_misses_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise NotFound

    monkeypatch.setattr(service, "reconcile", gone)
    assert main(["reconcile"]) == 1
    told = "Something that `reconcile` came upon is not there; nothing more was done.\n"
    assert capsys.readouterr().err == told


@pytest.mark.usefixtures("mall")
def test_what_neither_side_knows_is_said_in_one_sentence(
    stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stripe.base
    for about in ("pi_nobodys", "re_nobodys", "du_nobodys", f"rfd_{'0' * 20}", "ord_1", "x"):
        assert main(["mend", about]) == 1
        assert capsys.readouterr().err == f"Neither side knows {about}.\n"
