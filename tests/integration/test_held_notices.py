"""What is not sent at once: at night, while a carrier is away, or never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.gateways.messages.errors import Down, Rejected
from chalicelib.gateways.messages.model import Channel
from chalicelib.outreach.notices.rules import TRIES_MAX
from chalicelib.outreach.notices.service import deliver
from chalicelib.storage.work import Work
from chalicelib.web.jobs import SomeFailed
from tests.builders import TODAY
from tests.mall import Mall, id_of, made
from tests.postings import credit
from tests.relaying import HELD, MAIL, PHONE, Desk, a_desk, redeemed
from tests.rows import erase, of_sort, overwrite, row
from tests.tape import play


@pytest.fixture
def desk(mall: Mall) -> Iterator[Desk]:
    with a_desk(mall) as opened:
        yield opened


def test_at_night_an_sms_waits_for_the_morning_and_a_mail_does_not(desk: Desk) -> None:
    lin, mug = desk.lin(), desk.mall.reward(10)
    overwrite(row(id_of("lin"), "P"), t={"S": PHONE})
    made(lin.put("/me/notices", {"sms": True}), 200)
    desk.mall.clock.instant = datetime(2026, 11, 21, 14, tzinfo=UTC)  # 22:00 in Shanghai
    redeemed(lin, mug, "a")
    redeemed(lin, mug, "b")
    desk.play()
    assert [message.channel for message in desk.outbox.sent] == [Channel.MAIL] * 2
    desk.mall.clock.instant = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    desk.run_job()
    assert desk.outbox.subjects(Channel.SMS) == []
    desk.mall.clock.instant = datetime(2026, 11, 22, tzinfo=UTC)
    desk.run_job()
    texts = [message for message in desk.outbox.sent if message.channel is Channel.SMS]
    assert [message.to for message in texts] == [PHONE] * 2
    assert [message.key for message in texts] == sorted(message.key for message in texts)
    assert desk.waiting() == []


def test_who_changes_their_mind_at_night_is_not_told_in_the_morning(desk: Desk) -> None:
    lin = desk.lin()
    overwrite(row(id_of("lin"), "P"), t={"S": PHONE})
    made(lin.put("/me/notices", {"mail": False, "sms": True}), 200)
    desk.mall.clock.instant = datetime(2026, 11, 21, 14, tzinfo=UTC)
    redeemed(lin, desk.mall.reward(10))
    desk.play()
    made(lin.put("/me/notices", {"sms": False}), 200)
    desk.mall.clock.advance(hours=10)
    desk.run_job()
    assert desk.outbox.sent == []
    assert desk.waiting() == []


def test_a_carrier_that_is_away_is_tried_again_until_it_is_given_up(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures += [Down("throttled") for _ in range(TRIES_MAX)]
    assert desk.play() == []
    for _ in range(TRIES_MAX - 2):
        desk.mall.clock.advance(hours=6)
        desk.run_job()
    assert len(desk.outbox.failures) == 1
    desk.mall.clock.advance(hours=6)
    with pytest.raises(SomeFailed):
        desk.run_job()
    desk.mall.clock.advance(hours=6)
    desk.run_job()
    assert (desk.outbox.sent, desk.waiting()) == ([], [])


def test_a_carrier_that_is_back_after_a_while_is_used(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    assert len(desk.outbox.sent) == 1


def test_an_address_that_is_refused_is_not_tried_again(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Rejected("MessageRejected"))
    desk.play()
    assert desk.waiting() == []


def test_a_way_that_is_closed_here_is_not_taken(desk: Desk) -> None:
    desk.outbox.open_ways = frozenset()
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.play()
    assert of_sort("N#") == []


def test_nothing_that_is_kept_of_a_notice_is_personal(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.play()
    (kept,) = of_sort("N#")
    assert MAIL not in str(kept)
    assert set(kept) == {"p", "s", "k", "g", "d", "o", "n", "v", "st", "t"}
    now = desk.mall.clock.now().timestamp()
    assert int(kept["t"]["N"]) == now + 30 * 86_400


def test_a_name_that_an_index_still_hints_after_it_was_sent_is_left_alone(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.play()
    (kept,) = of_sort("N#")
    name = f"{kept['p']['S']}#{kept['s']['S'].removeprefix('N#')}"
    desk.mall.clock.advance(hours=1)
    assert deliver(Work(desk.mall.clock.now()), desk.outbox, name=name) == {}
    assert len(desk.outbox.sent) == 1


@pytest.mark.parametrize(
    "noted",
    [datetime(2026, 11, 21, 16, 5, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)],
)
def test_a_reminder_that_was_held_and_the_next_days_make_one_sms(
    desk: Desk, noted: datetime
) -> None:
    """Whether the next day's is noted at night, 00:05 in Shanghai, or after the held one went out.

    By mail each day has its own, at once.
    """
    lin = desk.lin()
    overwrite(row(id_of("lin"), "P"), t={"S": PHONE})
    made(lin.put("/me/notices", {"sms": True}), 200)
    for left in (15, 16):
        day = TODAY + timedelta(days=left)
        credit(Work(desk.mall.clock.now()), id_of("lin"), points=10, expires_on=day)
    at_night = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    morning = datetime(2026, 11, 22, 0, 0, 30, tzinfo=UTC)
    for instant in sorted((at_night, noted, morning)):
        desk.mall.clock.instant = instant
        desk.run_job(HELD if instant == morning else "expiry")
        desk.play()
    assert [len(desk.outbox.subjects(way)) for way in (Channel.MAIL, Channel.SMS)] == [2, 1]
    assert desk.waiting() == []


@pytest.mark.parametrize(
    ("way", "free"),
    [
        (Channel.MAIL, datetime(2026, 11, 22, 16, tzinfo=UTC)),  # midnight in Shanghai
        (Channel.SMS, datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
def test_what_came_after_the_message_of_the_day_is_told_tomorrow(
    desk: Desk, way: Channel, free: datetime
) -> None:
    """A reminder goes out a day late; then points come whose only day of a reminder is today."""
    lin = desk.lin()
    overwrite(row(id_of("lin"), "P"), t={"S": PHONE})
    made(lin.put("/me/notices", {"mail": way is Channel.MAIL, "sms": way is Channel.SMS}), 200)
    evening = datetime(2026, 11, 21, 15, 58, tzinfo=UTC)
    noon = datetime(2026, 11, 22, 4, tzinfo=UTC)
    for noted, points, left in ((evening, 10, 15), (noon, 70, 4)):
        desk.mall.clock.instant = noted
        day = TODAY + timedelta(days=left)
        credit(Work(noted), id_of("lin"), points=points, expires_on=day)
        desk.run_job("expiry")
        desk.mall.clock.instant = max(noted, noon)
        desk.play()
    assert len(desk.outbox.sent) == 1
    (held,) = [item for item in of_sort("N#rd#") if "wk" in item]
    assert (held["n"]["N"], held["a"]["S"]) == ("0", free.isoformat())
    overwrite(held, a={"S": noon.isoformat()})
    name = f"{held['p']['S']}#{held['s']['S'].removeprefix('N#')}"
    assert deliver(Work(noon), desk.outbox, name=name) == {"quiet": 1}
    assert row(held["p"]["S"], held["s"]["S"])["a"] == held["a"]
    desk.mall.clock.instant = free
    desk.run_job()
    assert "· 70 points until 2026-11-25 (2 days left)" in desk.outbox.sent[1].text


def test_a_reminder_that_comes_too_late_is_not_sent(desk: Desk) -> None:
    """Neither by a relay that was late, nor by a job whose carrier was away for too long."""
    desk.lin()
    desk.mall.clock.instant = datetime(2028, 11, 27, 5, tzinfo=UTC)
    desk.run_job("expiry")
    records = desk.tape.take()
    desk.outbox.failures.append(Down("throttled"))
    play(desk.mall, records)
    assert len(desk.waiting()) == 1
    desk.mall.clock.advance(days=4)
    desk.run_job()
    assert (desk.outbox.sent, desk.waiting()) == ([], [])
    (kept,) = of_sort("N#")
    erase(kept["p"]["S"], kept["s"]["S"])
    play(desk.mall, records)
    assert of_sort("N#") == []
