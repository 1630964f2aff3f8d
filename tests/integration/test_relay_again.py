"""What is heard a second time: replays, retellings, and what is too old to be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.gateways.messages.errors import Down
from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.members import service as members
from chalicelib.outreach.relay import service as relay
from chalicelib.outreach.wording import service as wording
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.storage.work import Work
from infra.console import __main__ as console
from infra.console.__main__ import main
from tests.activities import refer
from tests.builders import TODAY
from tests.events import CHANNEL
from tests.mall import OPENING, Mall, a_purchase, id_of, made
from tests.privacy import between
from tests.relaying import Desk, a_desk, redeemed
from tests.rows import erase, everything, of_sort, overwrite, row
from tests.tape import a_record, play
from tests.wording import sold_out


@pytest.fixture
def desk(mall: Mall) -> Iterator[Desk]:
    with a_desk(mall) as opened:
        yield opened


def parked_order(desk: Desk) -> tuple[str, Any]:
    """Return the parked record of an order that is not there, and the order's item."""
    order = redeemed(desk.lin(), desk.mall.reward(300))
    kept = row(id_of("lin"), f"O#{order['id']}")
    erase(id_of("lin"), f"O#{order['id']}")
    desk.play()
    (aside,) = desk.parked()
    return aside["id"], kept


def test_what_was_replayed_is_read_no_more_and_forgotten_in_a_month(desk: Desk) -> None:
    parked_id, order = parked_order(desk)
    overwrite(order)
    desk.tape.take()
    made(desk.mall.support.post(f"/admin/parked/{parked_id}/replay"), 200)
    records = desk.tape.take()
    assert play(desk.mall, records) == []
    assert len(desk.outbox.sent) == 1
    kept = row("parked", f"E#{parked_id}")
    assert int(kept["t"]["N"]) == desk.mall.clock.now().timestamp() + 30 * 86_400
    (notice,) = of_sort("N#")
    erase(notice["p"]["S"], notice["s"]["S"])
    assert play(desk.mall, records) == []
    assert len(desk.outbox.sent) == 1
    relay.park_again(Work(desk.mall.clock.now()), parked_id, why="KeyError")
    assert row("parked", f"E#{parked_id}") == kept


def test_two_who_ask_at_once_and_whoever_asks_again_ask_once(desk: Desk) -> None:
    parked_id, _ = parked_order(desk)
    ask = partial(desk.mall.support.post, f"/admin/parked/{parked_id}/replay")
    with between(ask):
        late = made(ask(), 200)
    assert made(ask(), 200) == late
    deeds = [row["w"]["S"] for row in everything() if row["p"]["S"].startswith("audit#")]
    assert (late["state"], deeds.count("parked.replay")) == ("asked", 1)


def test_what_is_too_old_to_be_known_is_replayed_without_being_told(desk: Desk) -> None:
    """The notice of it may be forgotten by then, and who was told would be told twice."""
    parked_id, order = parked_order(desk)
    overwrite(order)
    desk.tape.take()
    desk.mall.clock.advance(days=28, seconds=1)
    made(desk.mall.support.post(f"/admin/parked/{parked_id}/replay"), 200)
    desk.play()
    assert (desk.outbox.sent, desk.parked()) == ([], [])


def test_a_change_that_nobody_can_read_is_parked(desk: Desk) -> None:
    desk.lin()
    old = row(id_of("lin"), "W")
    record = a_record({**old, "rd": {"S": "2026-11-21"}}, old)
    told = {**record["dynamodb"], "NewImage": {"rd": {"S": "2026-11-21", "N": "1"}}}
    assert play(desk.mall, [{**record, "dynamodb": told}]) == []
    (aside,) = desk.parked()
    assert aside["what"] == f"{id_of('lin')} / W"
    assert aside["why"].startswith("ValueError rules.py:")


def test_an_audit_row_reaches_the_readers(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.lin()
    freeze = f"/admin/members/{id_of('lin')}/freeze"
    made(desk.mall.support.post(freeze, {"reason": "lost"}), 200)
    capsys.readouterr()
    desk.play()
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [one for one in said if one.get("job") == "relay"]
    assert (line["entries"], line["audit_rows"], line["sent"], line["left"]) == (1, 1, 1, 0)


def test_a_channel_named_audit_reports_purchases_and_no_rows_of_the_log(desk: Desk) -> None:
    desk.lin()
    mall, amount = desk.mall, {"amount": 100, "currency": "cny"}
    read = mall.marketing.get("/admin/program")
    channels = {**read["channels"], CHANNEL.client: "audit"}
    body, tag = {**read.json, "channels": channels}, {"If-Match": read.headers["etag"]}
    made(mall.marketing.put("/admin/program", body, headers=tag), 200)
    made(mall.till.post("/purchases", {**a_purchase("lin", 9, "p-1"), "channel": "audit"}), 201)
    refund = {"refund_id": "r-1", "amount": amount}
    made(mall.till.post("/purchases/audit/p-1/refunds", refund), 201)
    assert (desk.play(), desk.parked()) == ([], [])


def test_what_the_stream_lost_is_retold_and_nothing_else(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders are told by the job of held notices, referrers get their points, all of it once."""
    monkeypatch.setattr(console, "SystemClock", lambda: desk.mall.clock)
    lin, mug = desk.lin(), desk.mall.reward(10)
    redeemed(lin, mug, "heard")
    desk.play()
    desk.outbox.sent.clear()
    redeemed(lin, mug, "lost")
    refer(desk.mall, "mei", by="lin")
    desk.mall.earn("mei", 500)
    desk.tape.take()
    assert main(["retell", "--since", TODAY.isoformat()]) == 0
    assert main(["retell", id_of("lin"), "--since", TODAY.isoformat()]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-1].startswith(f"{id_of('lin')}: ")
    assert len([item for item in of_sort("J#") if item["k"]["S"] == "referral"]) == 1
    assert desk.outbox.sent == []
    desk.mall.clock.advance(minutes=6)
    desk.run_job()
    assert len(desk.outbox.subjects()) == 1
    assert main(["retell", "mem_0Ab1Cd2Ef3G"]) == 1
    assert "There is no member" in capsys.readouterr().err


def test_entries_since_a_day_are_retold_oldest_first(desk: Desk) -> None:
    lin = desk.lin()
    for name in ("Old", "Mug", "Pen"):
        redeemed(lin, desk.mall.reward(10, title={"zh": name, "en": name}), name)
        desk.mall.clock.advance(hours=12)
    since = OPENING + timedelta(hours=12)
    work = Work(desk.mall.clock.now())
    assert relay.retell(work, desk.outbox, member_id=id_of("lin"), since=since)["sent"] == 2
    assert desk.outbox.subjects() == ["You redeemed: Mug", "You redeemed: Pen"]


def test_a_lost_reminder_is_retold(desk: Desk) -> None:
    desk.lin()
    desk.mall.clock.instant = datetime(2028, 11, 27, 5, tzinfo=UTC)
    desk.run_job("expiry")
    desk.tape.take()
    work = Work(desk.mall.clock.now())
    # It is 13:00 in Shanghai: in 12 hours its next day has begun, and that of UTC has not.
    for hours, told in ((24, 0), (12, 0), (0, 1), (0, 0)):
        since = work.now + timedelta(hours=hours)
        counts = relay.retell(work, desk.outbox, member_id=id_of("lin"), since=since)
        assert counts.get("sent", 0) == told
    with pytest.raises(NotFound):
        relay.retell(work, desk.outbox, member_id="mem_0Ab1Cd2Ef3G", since=work.now)


def test_rewards_are_looked_for_until_three_are_open_and_not_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.lin()
    opens = {"from": "2027-01-01T00:00:00Z"}
    for name, window in (("Mug", None), ("Pen", opens), ("Tea", opens)):
        desk.mall.clock.advance(seconds=1)
        fields = {} if window is None else {"redeemable": window}
        desk.mall.reward(10, title={"zh": name, "en": name}, **fields)
    sold_out(desk.mall)
    monkeypatch.setattr(wording, "REWARDS_PAGE", 1)
    work = Work(desk.mall.clock.now())
    notice = Notice(id_of("lin"), "rd#2026-11-21", Kind.REMINDER, dates={TODAY: 10})

    def told() -> str:
        opened, _ = members.open_profile(work, id_of("lin"))
        return wording.write(work, notice, opened=opened, language="en").text

    assert told().endswith("You could get now: Mug")
    monkeypatch.setattr(wording, "REWARDS_PAGES_MAX", 3)
    assert "You could get" not in told()
    monkeypatch.undo()
    # All of them are one page, which is looked at once.
    assert told().endswith("You could get now: Mug")
    freeze = f"/admin/members/{id_of('lin')}/freeze"
    made(desk.mall.support.post(freeze, {"reason": "lost"}), 200)
    assert "You could get" not in told()


def test_a_carrier_that_breaks_leaves_it_to_the_job(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures += [ValueError("x"), Down("throttled")]
    assert desk.play() == []
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    desk.mall.clock.advance(minutes=10)
    desk.run_job()
    assert (len(desk.outbox.sent), desk.waiting()) == (1, [])
