"""The laptop's queues behave as SQS does, and hand messages to the app as Lambda does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, cast

import pytest

from chalicelib.gateways.payments.account import NoPayments
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.queue.port import QueueDown
from chalicelib.storage.work import Work
from chalicelib.web.house import House
from chalicelib.web.jobs import Jobs
from infra.local import background, queues
from infra.local.background import queues_of, taken, work_off
from infra.local.queues import RECEIVES_MAX, RETRY_SECONDS, VISIBILITY_SECONDS, LocalQueues
from infra.template.package import ROOT
from tests.crashes import Hours
from tests.mall import Hands

NAME: Final = "events"


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def kept(tmp_path: Path, clock: Hours) -> LocalQueues:
    return LocalQueues(tmp_path / "queues.sqlite", now=clock.elapsed)


def bodies(kept: LocalQueues) -> list[str]:
    return [one.body for one in kept.receive(NAME)]


def test_a_message_is_its_receivers_until_it_is_deleted(kept: LocalQueues, clock: Hours) -> None:
    kept.send(NAME, "a")
    (message,) = kept.receive(NAME)
    assert bodies(kept) == []
    clock.pause(VISIBILITY_SECONDS)
    (again,) = kept.receive(NAME)
    assert (again.id, again.receives) == (message.id, 2)
    kept.delete([again.id])
    clock.pause(VISIBILITY_SECONDS)
    assert (bodies(kept), kept.depth(NAME)) == ([], 0)


def test_what_failed_too_often_is_put_aside_and_redriven(kept: LocalQueues, clock: Hours) -> None:
    kept.send(NAME, "a")
    for _ in range(RECEIVES_MAX):
        (message,) = kept.receive(NAME)
        kept.retry([message.id])
        clock.pause(RETRY_SECONDS)
    assert bodies(kept) == []
    assert [one.body for one in kept.dead_letters(NAME)] == ["a"]
    assert kept.redrive(NAME) == 1
    assert [one.receives for one in kept.receive(NAME)] == [1]
    assert kept.dead_letters(NAME) == []


def test_queues_know_only_their_own_messages_and_outlive_the_process(
    kept: LocalQueues, tmp_path: Path
) -> None:
    kept.send(NAME, "a")
    kept.send("others", "b")
    assert bodies(LocalQueues(tmp_path / "queues.sqlite", now=lambda: 0.0)) == ["a"]


def test_no_message_is_handed_out_twice_at_once(kept: LocalQueues) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: kept.send(NAME, str(number)), range(40)))
        batches = list(threads.map(lambda _: kept.receive(NAME, limit=5), range(12)))
    found = [one.body for batch in batches for one in batch]
    assert sorted(found, key=int) == [str(number) for number in range(40)]


def test_a_file_that_is_gone_is_a_queue_that_is_down(kept: LocalQueues, tmp_path: Path) -> None:
    (tmp_path / "queues.sqlite").unlink()
    with pytest.raises(QueueDown):
        kept.send(NAME, "a")


def an_app(ran: list[str]) -> House:
    """Return an app that works a queue off, and fails for whatever says "bad"."""
    ours = Jobs()

    @ours.queue(NAME)
    def act(work: Work, payments: Payments, *, body: str) -> None:
        assert work.deadline is None
        assert payments is not None
        ran.append(body)
        if body == "bad":
            raise ValueError(body)

    app = House("queues", clock=Hands())
    app.payments = lambda: cast(Payments, NoPayments())
    app.register_blueprint(ours)
    return app


def test_only_the_message_that_fails_comes_back(
    kept: LocalQueues, clock: Hours, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []
    app = an_app(ran)
    (source,) = queues_of(app)
    for body in ("a", "bad", "b"):
        kept.send(NAME, body)
    assert work_off(app, kept, source=source)
    assert not work_off(app, kept, source=source)
    clock.pause(RETRY_SECONDS)
    assert bodies(kept) == ["bad"]
    assert ran == ["a", "bad", "b"]
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in told] == ["job failed for one", "job"]
    assert (told[1]["job"], told[1]["done"], told[1]["failed"]) == (NAME, 2, 1)


def test_a_step_that_breaks_is_told_and_taken_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(background, "BROKEN_SECONDS", 0)
    outcomes: Iterator[bool] = iter([True])

    def step() -> bool:
        return next(outcomes)

    assert (taken(step), taken(step)) == (True, False)
    assert "StopIteration" in capsys.readouterr().err


def test_the_laptop_gives_up_after_as_many_tries_as_aws() -> None:
    template = (ROOT / "infra" / "template" / "stack.yaml").read_text()
    assert f"maxReceiveCount: {queues.RECEIVES_MAX}\n" in template
