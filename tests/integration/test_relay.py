"""From a change of the table to the member: told once, in order, whatever breaks on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.gateways.messages.model import Channel
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.storage.work import Work
from infra.local.pump import is_wanted
from tests.cash import bought, dear
from tests.corrections import adjust
from tests.crashes import Hours
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, id_of, made
from tests.relaying import MAIL, Desk, a_desk, redeemed
from tests.rows import erase, of_sort, overwrite, row
from tests.stripes import taking_money
from tests.tape import play


@pytest.fixture
def desk(mall: Mall) -> Iterator[Desk]:
    with a_desk(mall) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    [
        ("en", "You redeemed: Mug", "You redeemed 300 points for 1 × Mug."),
        ("zh-CN", "兑换成功：马克杯", "您用 300 积分兑换了 1 件“马克杯”。"),
    ],
)
def test_a_redemption_is_told_once_in_the_members_language(
    desk: Desk, language: str, subject: str, line: str
) -> None:
    order = redeemed(desk.lin(language), desk.mall.reward(300))
    records = desk.tape.take()
    assert play(desk.mall, records) == play(desk.mall, records) == []
    (message,) = desk.outbox.sent
    assert (message.to, message.channel, message.subject) == (MAIL, Channel.MAIL, subject)
    assert message.text.splitlines()[0] == line
    assert order["id"] in message.text
    assert desk.waiting() == []
    check_all(Work(desk.mall.clock.now()))


def test_money_is_told_as_a_quote_writes_it(desk: Desk, tmp_path: Path) -> None:
    lin = desk.lin()
    with taking_money(desk.mall, tmp_path) as stripe:
        bought(lin, stripe, dear(desk.mall))
    desk.play()
    assert "You also paid ¥29.90." in desk.outbox.sent[-1].text.splitlines()


def test_what_happens_to_a_member_is_told_in_order(desk: Desk) -> None:
    lin, mug = desk.lin(), desk.mall.reward(300)
    order = redeemed(lin, mug)
    made(lin.post(f"/orders/{order['id']}/cancel", key="c"), 200)
    path = f"/admin/members/{id_of('lin')}"
    made(desk.mall.support.post(f"{path}/freeze", {"reason": "lost"}), 200)
    made(desk.mall.support.post(f"{path}/thaw", {"reason": "found"}), 200)
    desk.play()
    assert desk.outbox.subjects() == [
        "You redeemed: Mug",
        "Order cancelled: Mug",
        "Your account was frozen",
        "Your account is open again",
    ]
    assert "300 points came back.\nYou now have 1,000 points." in desk.outbox.sent[1].text


def test_points_taken_back_and_corrected_are_told_and_points_earned_are_not(desk: Desk) -> None:
    desk.lin(points=100)
    amount = {"amount": 100_00, "currency": "cny"}
    (purchase,) = [item for item in of_sort("P") if "#" in item["p"]["S"]]
    path = f"/purchases/{purchase['p']['S'].replace('#', '/')}/refunds"
    made(desk.mall.till.post(path, {"refund_id": "r", "amount": amount}), 201)
    desk.mall.earn("lin", 50)
    desk.play()
    adjust(Work(desk.mall.clock.now()), Adjustment(id_of("lin"), 70, "gift", by="op", key="k"))
    desk.play()
    assert desk.outbox.subjects() == ["Points were taken back", "Your points were corrected"]
    assert "70 points were added." in desk.outbox.sent[1].text


def test_a_reminder_lists_points_days_and_what_they_buy(desk: Desk) -> None:
    lin = desk.lin()
    for name in ("Mug", "Pen", "Tea", "Cup"):
        desk.mall.clock.advance(seconds=1)
        desk.mall.reward(10, title={"zh": name, "en": name})
    desk.mall.reward(2000, title={"zh": "Car", "en": "Car"})
    # 24 months, moved to the end of the month; 30 days before it.
    desk.mall.clock.instant = datetime(2028, 10, 31, 20, tzinfo=UTC)
    desk.play()
    desk.run_job("expiry")
    desk.run_job("expiry")
    records = desk.tape.take()
    assert play(desk.mall, records) == play(desk.mall, records) == []
    (message,) = desk.outbox.sent
    assert message.subject == "Some of your points end soon"
    assert "· 1,000 points until 2028-11-30 (29 days left)" in message.text
    assert "You could get now: Cup, Tea, Pen" in message.text
    made(lin.put("/me/notices", {"reminders": False}), 200)
    desk.mall.clock.advance(days=14)
    desk.run_job("expiry")
    desk.play()
    assert len(desk.outbox.sent) == 1


def test_who_opted_out_is_told_nothing_but_what_has_to_be_known(desk: Desk) -> None:
    lin = desk.lin()
    made(lin.put("/me/notices", {"mail": False}), 200)
    redeemed(lin, desk.mall.reward(300))
    freeze = f"/admin/members/{id_of('lin')}/freeze"
    made(desk.mall.support.post(freeze, {"reason": "lost"}), 200)
    desk.play()
    assert desk.outbox.subjects() == ["Your account was frozen"]


def test_a_reader_that_dies_before_it_sent_leaves_it_to_the_job(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    records = desk.tape.take()
    desk.outbox.failures.append(Crashed())
    with pytest.raises(Crashed):
        play(desk.mall, records)
    assert play(desk.mall, records) == []
    desk.run_job()
    assert desk.outbox.sent == []
    desk.mall.clock.advance(minutes=6)
    desk.run_job()
    desk.run_job()
    assert len(desk.outbox.sent) == 1
    assert desk.waiting() == []


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_reader_that_dies_anywhere_tells_all_the_same(desk: Desk, fault: Fault) -> None:
    """Whatever call it dies at: the batch comes again, the job runs, and one key was sent."""
    lin, mug = desk.lin(), desk.mall.reward(10)
    redeemed(lin, mug, "calm")
    records = desk.tape.take()
    with faults() as calls:
        play(desk.mall, records)
    for at in range(len(calls.made)):
        desk.outbox.sent.clear()
        redeemed(lin, mug, f"k-{at}")
        records = desk.tape.take()
        with pytest.raises(Crashed), faults({at: fault}):
            play(desk.mall, records)
        assert play(desk.mall, records) == []
        desk.mall.clock.advance(minutes=6)
        desk.run_job()
        assert len({message.key for message in desk.outbox.sent}) == 1, at
        assert desk.waiting() == []


def test_a_record_that_nobody_can_read_is_parked_and_blocks_nobody(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = desk.lin(), desk.mall.reward(300)
    first = redeemed(lin, mug, "first")
    redeemed(lin, mug, "second")
    kept = row(id_of("lin"), f"O#{first['id']}")
    erase(id_of("lin"), f"O#{first['id']}")
    records = desk.tape.take()
    with faults() as calls:
        assert play(desk.mall, records) == []
    assert len(desk.outbox.sent) == 1
    assert calls.made.count("TransactWriteItems") == 1 + 2
    (parked,) = desk.parked()
    assert parked["what"] == f"{id_of('lin')} / J#000000000003"
    assert parked["why"].startswith("NotFound service.py:")
    assert (parked["tries"], parked["state"]) == (5, "parked")
    said = capsys.readouterr().out
    assert MAIL not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["alarm"] for line in lines if "alarm" in line] == ["record_parked"]

    desk.tape.take()
    ask = f"/admin/parked/{parked['id']}/replay"
    assert made(desk.mall.support.post(ask), 200)["state"] == "asked"
    desk.play()
    (again,) = desk.parked()
    assert (again["tries"], again["state"]) == (10, "parked")
    overwrite(kept)
    desk.tape.take()
    desk.mall.clock.advance(seconds=1)
    made(desk.mall.support.post(ask), 200)
    records = desk.tape.take()
    assert play(desk.mall, records) == play(desk.mall, records) == []
    assert len(desk.outbox.sent) == 2
    assert desk.parked() == []
    assert made(desk.mall.support.post(ask), 200)["state"] == "replayed"
    check_all(Work(desk.mall.clock.now()))


def test_without_the_table_the_batch_comes_again_from_where_it_stopped(desk: Desk) -> None:
    lin, mug = desk.lin(), desk.mall.reward(300)
    redeemed(lin, mug, "first")
    made(lin.post("/orders", {"reward_id": mug}, key="second"), 201)
    desk.mall.earn("lin", 1)
    told = (record for record in desk.tape.take() if is_wanted(record))
    records = [record for record in told if "mem_" in str(record["dynamodb"]["Keys"])]
    patience, app = Hours(), desk.mall.app
    app.pause, app.elapsed = patience.pause, patience.elapsed
    with faults(dict.fromkeys(range(3, 9999), Fault.UNSENT)):
        left = play(desk.mall, records)
    assert left == [records[0]["dynamodb"]["SequenceNumber"]]
    assert play(desk.mall, records) == []
    assert len(desk.outbox.sent) == 2
    assert desk.parked() == []
