"""Each try of a notice that waits: begun once, judged by its own instant, counted, and ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from typing_extensions import override

from chalicelib.gateways.messages.errors import Down, Rejected
from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.outreach.notices import service
from chalicelib.outreach.notices.rules import GIVEN_UP, TRIES_MAX, UNWANTED
from chalicelib.storage.work import Work
from chalicelib.web.jobs import SomeFailed
from tests.mall import Mall, id_of, made
from tests.outbox import Outbox
from tests.relaying import PHONE, Desk, a_desk, redeemed
from tests.rows import erase, of_sort, overwrite, row
from tests.tape import play


@pytest.fixture
def desk(mall: Mall) -> Iterator[Desk]:
    with a_desk(mall) as opened:
        yield opened


class Slow(Outbox):
    """Whoever carries a message in five minutes."""

    def __init__(self, mall: Mall) -> None:
        super().__init__()
        self._mall = mall

    @override
    def send(self, message: Message) -> None:
        super().send(message)
        self._mall.clock.advance(minutes=5)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what the log said since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def alarms(said: list[dict[str, Any]]) -> list[str]:
    """Return what wakes somebody."""
    return [line["alarm"] for line in said if "alarm" in line]


def a_name(desk: Desk) -> str:
    """Return the name of the one notice that is kept."""
    (kept,) = of_sort("N#")
    assert desk.outbox.sent == []
    return f"{kept['p']['S']}#{kept['s']['S'].removeprefix('N#')}"


def by_sms(desk: Desk) -> None:
    """Enrol lin, who is told by SMS alone."""
    lin = desk.lin()
    overwrite(row(id_of("lin"), "P"), t={"S": PHONE})
    made(lin.put("/me/notices", {"mail": False, "sms": True}), 200)
    redeemed(lin, desk.mall.reward(10))


def test_a_carrier_that_comes_back_at_night_waits_for_the_morning(desk: Desk) -> None:
    by_sms(desk)
    desk.mall.clock.instant = datetime(2026, 11, 21, 13, 58, tzinfo=UTC)  # 21:58 in Shanghai
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    assert (desk.outbox.sent, len(desk.waiting())) == ([], 1)
    desk.mall.clock.instant = datetime(2026, 11, 22, tzinfo=UTC)
    desk.run_job()
    assert len(desk.outbox.sent) == 1


def test_a_night_is_no_try(desk: Desk) -> None:
    by_sms(desk)
    desk.mall.clock.instant = datetime(2026, 11, 21, 14, tzinfo=UTC)
    desk.play()
    (kept,) = of_sort("N#")
    assert kept["n"]["N"] == "0"


def test_a_run_that_lasts_into_the_night_disturbs_nobody(desk: Desk) -> None:
    """Each notice is judged by the instant at which it is begun."""
    by_sms(desk)
    mei = desk.mall.member("mei", points=10)
    overwrite(row(id_of("mei"), "P"), t={"S": "+8613800000002"})
    made(mei.put("/me/notices", {"mail": False, "sms": True}), 200)
    redeemed(mei, desk.mall.reward(10))
    desk.outbox.failures += [Down("throttled")] * 2
    desk.play()
    desk.mall.clock.instant = datetime(2026, 11, 21, 13, 58, tzinfo=UTC)
    slow = Slow(desk.mall)
    desk.mall.app.messages = lambda: slow
    desk.run_job()
    assert (len(slow.sent), len(desk.waiting())) == (1, 1)


def test_a_way_that_was_closed_since_is_not_taken(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    desk.outbox.open_ways = frozenset({Channel.SMS})
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    (kept,) = of_sort("N#")
    assert (desk.outbox.sent, kept["st"]["S"]) == ([], UNWANTED)


def test_a_name_that_an_index_hints_too_soon_is_left_alone(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    work = Work(desk.mall.clock.now())
    assert service.deliver(work, desk.outbox, name=a_name(desk)) == {}
    assert (desk.outbox.sent, len(desk.waiting())) == ([], 1)


def test_of_two_runs_one_sends(desk: Desk) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    name = a_name(desk)
    desk.mall.clock.advance(minutes=5)
    work = Work(desk.mall.clock.now())

    class Overtaken(Outbox):
        """Another run begins and ends while this one has read the notice."""

        @property
        @override
        def channels(self) -> frozenset[Channel]:
            assert service.deliver(work, desk.outbox, name=name) == {"sent": 1}
            return self.open_ways

    late = Overtaken()
    assert service.deliver(work, late, name=name) == {}
    assert (len(desk.outbox.sent), late.sent) == (1, [])


def test_all_that_is_due_is_found_page_by_page_while_there_is_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin, mug = desk.lin(), desk.mall.reward(10)
    for number in range(5):
        redeemed(lin, mug, f"k-{number}")
    desk.outbox.failures += [Down("throttled")] * 5
    desk.play()
    desk.mall.clock.advance(minutes=5)
    monkeypatch.setattr(service, "DUE_PAGE", 2)
    hands = [100.0]
    run = service.due(Work(desk.mall.clock.now(), elapsed=lambda: hands[0]))
    page = next(run)
    hands[0] += service.SECONDS_MAX
    assert [list(names) for names in page] == [[]]
    assert list(run) == []
    # Each takes a minute: the third is the last that is begun in time, and first of its page.
    desk.mall.app.elapsed = lambda: 60.0 * len(desk.outbox.sent)
    for sent in (3, 5):
        desk.run_job()
        assert len(desk.outbox.sent) == sent
    assert [one.key for one in desk.outbox.sent] == sorted(one.key for one in desk.outbox.sent)


def test_who_carries_is_told_about_when_it_refuses_or_stays_away(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = desk.lin(), desk.mall.reward(10)
    redeemed(lin, mug, "refused")
    redeemed(lin, mug, "down")
    capsys.readouterr()
    desk.outbox.failures += [Rejected("OptedOut"), Down("throttled")]
    desk.play()
    said = lines(capsys)
    (line,) = [one for one in said if one.get("job") == "relay"]
    assert (line["refused"], line["down"], alarms(said)) == (1, 1, ["message_refused"])
    desk.outbox.failures += [Down("throttled")] * 2
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    said = lines(capsys)
    assert (said[-1]["down"], alarms(said)) == (1, [])
    desk.mall.clock.advance(minutes=10)
    desk.run_job()
    assert alarms(lines(capsys)) == ["carrier_down"]


@pytest.mark.parametrize("tries", [TRIES_MAX - 1, 100])
def test_what_cannot_be_written_is_given_up_in_the_end(
    desk: Desk, capsys: pytest.CaptureFixture[str], tries: int
) -> None:
    order = redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    (kept,) = of_sort("N#")
    overwrite(kept, n={"N": str(tries - 1)})
    erase(id_of("lin"), f"O#{order['id']}")
    for _ in range(max(1, TRIES_MAX - tries + 1)):
        assert len(desk.waiting()) == 1
        desk.mall.clock.advance(hours=7)
        capsys.readouterr()
        with pytest.raises(SomeFailed):
            desk.run_job()
    (kept,) = of_sort("N#")
    assert (desk.waiting(), kept["st"]["S"]) == ([], GIVEN_UP)
    assert alarms(lines(capsys)) == ["notice_given_up"]


def test_the_last_try_may_succeed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    redeemed(desk.lin(), desk.mall.reward(300))
    desk.outbox.failures.append(Down("throttled"))
    desk.play()
    (kept,) = of_sort("N#")
    overwrite(kept, n={"N": str(TRIES_MAX - 1)})
    desk.mall.clock.advance(minutes=5)
    capsys.readouterr()
    desk.run_job()
    (kept,) = of_sort("N#")
    assert (len(desk.outbox.sent), kept["st"]["S"]) == (1, "sent")
    assert alarms(lines(capsys)) == []


def test_a_reminder_that_waited_tells_of_what_is_left(desk: Desk) -> None:
    lin = desk.lin()
    desk.mall.clock.instant = datetime(2028, 11, 27, 5, tzinfo=UTC)
    desk.run_job("expiry")
    desk.outbox.failures += [Down("throttled")] * 2
    desk.play()
    redeemed(lin, desk.mall.reward(400), "some")
    desk.tape.take()
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    redeemed(lin, desk.mall.reward(50), "more")
    desk.mall.clock.advance(minutes=10)
    desk.run_job()
    (message,) = desk.outbox.sent
    assert "· 550 points until 2028-11-30" in message.text


def test_a_reminder_of_points_that_are_spent_is_not_sent(desk: Desk) -> None:
    lin = desk.lin(points=100)
    desk.mall.clock.instant = datetime(2028, 11, 27, 5, tzinfo=UTC)
    desk.run_job("expiry")
    records = desk.tape.take()
    desk.outbox.failures.append(Down("throttled"))
    play(desk.mall, records)
    redeemed(lin, desk.mall.reward(100))
    desk.mall.clock.advance(minutes=5)
    desk.run_job()
    (kept,) = of_sort("N#")
    assert (desk.outbox.sent, kept["st"]["S"]) == ([], UNWANTED)
