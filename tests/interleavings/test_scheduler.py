"""The scheduler and the explorer themselves: what they let happen is what DynamoDB lets happen."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from pynamodb.exceptions import UpdateError

from chalicelib.storage.table import code_of
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.tries import TriesItem
from tests.events import Reply
from tests.interleavings.actors import Send, Stage
from tests.interleavings.explorer import Explorer, Wrong
from tests.interleavings.meetings import meetings
from tests.interleavings.scene import Scene
from tests.interleavings.scheduler import Scheduler, World
from tests.interleavings.use_cases import place
from tests.interleavings.verdicts import Judge

MEETINGS = meetings()
KEY = ("tries#here", "T")
ORDERS = "a wallet: place, place"
STRANGERS = "numbered stock: place, place by another"


def put(scene: Scene) -> Send:
    """Return how to put an item in a transaction."""

    def attempt(tx: Transaction) -> None:
        tx.put(TriesItem(*KEY, wrong={}, mark="", ttl=0), otherwise=lambda _: ValueError())

    def send() -> Reply:
        persist(scene.work, attempt)
        return Reply(200, {}, "{}")

    return send


def update(_: Scene) -> Send:
    """Return how to update the same item by itself; the reply tells DynamoDB's code."""

    def send() -> Reply:
        try:
            TriesItem(*KEY).update([TriesItem.ttl.add(1)])
        except UpdateError as failure:
            return Reply(400, {}, code_of(failure))
        return Reply(200, {}, "{}")

    return send


def scheduled(stage: Stage, *sends: Send) -> Explorer:
    """Return an explorer of these requests that finds everything right."""
    return Explorer(Scheduler(stage, sends), look=lambda _: None, judge=lambda _: None)


def explored(stage: Stage, name: str, bound: int | None = None) -> Explorer:
    """Return an explorer that has explored a meeting, and found everything right."""
    scheduler = MEETINGS[name].prepared(stage)
    explorer = Explorer(scheduler, look=lambda _: None, judge=lambda _: None, preemptions_max=bound)
    explorer.explore()
    return explorer


def played(stage: Stage, name: str, schedule: str) -> World:
    """Return how a schedule of a meeting ends, on a fresh scene."""
    scheduler = MEETINGS[name].prepared(stage)
    return Explorer(scheduler, look=lambda _: None, judge=lambda _: None).play(schedule)


def operations(world: World) -> list[str]:
    """Return a trace's steps without the items."""
    return [" ".join(line.split()[:2]) for line in world.trace]


def ends_of(explorer: Explorer, world: World) -> Counter[tuple[str, ...]]:
    """Return how often each answer is given behind a world, following every step that there is."""
    ready = world.ready()
    if not ready:
        return Counter({tuple(reply.text for reply in world.replies): 1})
    found: Counter[tuple[str, ...]] = Counter()
    for who in ready:
        found += ends_of(explorer, explorer.scheduler.step(world, who))
    return found


def test_a_transaction_is_refused_while_another_one_holds_an_item_of_it(stage: Stage) -> None:
    told = played(stage, ORDERS, "AAAABBBB")
    assert operations(told)[3:10] == [
        *("A begins", "B reads", "B reads", "B reads"),
        *("B is", "A ends", "B begins"),
    ]


def test_who_was_refused_goes_on_when_the_item_is_free(stage: Stage) -> None:
    with pytest.raises(AssertionError, match="B has to wait after AAAABBBB"):
        played(stage, ORDERS, "AAAABBBBB")


def test_a_read_sees_what_was_there_before_a_transaction_ends(stage: Stage) -> None:
    scene = Scene(stage.mall)
    stage.reset()
    stage.mall.open()
    order, lin = place(scene), scene.lin
    explorer = scheduled(stage, order, lambda: lin.get("/me/wallet"))
    before, after = explorer.play("AAAABB"), explorer.play("AAAAABB")
    assert [end.replies[1]["available"] for end in (before, after)] == [100, 40]


@pytest.mark.parametrize(
    ("schedule", "told"), [("ABA", "TransactionConflictException"), ("AAB", "{}")]
)
def test_a_plain_write_is_refused_while_a_transaction_holds_its_item(
    stage: Stage, schedule: str, told: str
) -> None:
    stage.reset()
    scene = Scene(stage.mall)
    assert scheduled(stage, put(scene), update(scene)).play(schedule).replies[1].text == told


def test_the_items_of_a_batch_are_read_one_after_the_other(stage: Stage) -> None:
    assert operations(played(stage, ORDERS, "AAA"))[:3] == ["A reads", "A reads", "A reads"]


def test_one_schedule_gives_one_trace_whenever_it_is_played(stage: Stage) -> None:
    first, again = (played(stage, STRANGERS, "ABABBABAA") for _ in range(2))
    assert first.trace == again.trace
    assert first.stand.digest == again.stand.digest
    assert [reply.text for reply in first.replies] == [reply.text for reply in again.replies]


def test_another_seed_draws_otherwise(stage: Stage) -> None:
    first = played(stage, "counted stock: place, place by another", "")
    stage.seed = 3
    assert played(stage, "counted stock: place, place by another", "").trace != first.trace


def test_two_that_share_nothing_meet_in_every_order_of_their_steps(stage: Stage) -> None:
    stage.reset()
    stage.mall.open()
    scene = Scene(stage.mall)
    lin, may = scene.lin, scene.may
    explorer = scheduled(stage, lambda: lin.get("/me/wallet"), lambda: may.get("/me/wallet"))
    steps = Counter(explorer.play("").schedule)
    explorer.explore()
    assert explorer.count == math.comb(steps["A"] + steps["B"], steps["A"])


def test_equal_worlds_are_followed_once_and_counted_as_often_as_they_are_reached(
    stage: Stage,
) -> None:
    merged = explored(stage, ORDERS)
    each = ends_of(merged, merged.scheduler.start)
    assert merged.count == sum(each.values())
    assert len(each) == 2
    assert merged.states < merged.count


def test_without_preemptions_each_order_is_left_and_with_enough_all_are(stage: Stage) -> None:
    whole = explored(stage, ORDERS).count
    counts = [explored(stage, ORDERS, bound).count for bound in (0, 1, 2, 11)]
    assert counts[0] == 2
    assert counts == sorted(counts)
    assert counts[-1] == whole > counts[2] > counts[1]


def test_a_program_that_asks_another_thing_than_before_is_found_out(stage: Stage) -> None:
    stage.reset()
    stage.mall.open()
    paths = iter(("/me/wallet", *("/me",) * 9))
    lin = Scene(stage.mall).lin
    explorer = scheduled(stage, lambda: lin.get(next(paths)))
    with pytest.raises(Wrong, match="A asks another thing than before"):
        explorer.explore()


def test_a_judge_knows_an_answer_that_fits_no_order(stage: Stage) -> None:
    scheduler = MEETINGS[ORDERS].prepared(stage)
    judge = Judge(scheduler)
    judge.learn()
    assert len(judge.right) == 2
    judge.right.pop()
    with pytest.raises(Wrong, match="these answers fit no order"):
        Explorer(scheduler, judge.look, judge.judge).explore()
