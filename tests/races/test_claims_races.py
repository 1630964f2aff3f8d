"""Claims and refunds at once: one member gets the points, and no order of deeds changes the sum."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from botocore.awsrequest import AWSPreparedRequest

from chalicelib.kernel.errors import Contended
from chalicelib.settings import settings
from chalicelib.storage.table import connection
from chalicelib.storage.transaction import Moved, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.earning import store
from chalicelib.tiers.earning.model import Claim, Purchase
from chalicelib.tiers.earning.rules import claim_code
from tests.api.test_claims import claim, guests, is_intact, refund, taken
from tests.api.till import meanwhile, whole_table
from tests.events import Api, Reply
from tests.mall import CHANNEL_NAME, Mall, id_of, made

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY = date(2026, 11, 21)
LOTS = date(2028, 11, 30)


def insisted(call: Callable[[], Reply]) -> Reply:
    """Call until nobody says to come back."""
    while (reply := call()).status == 503:
        pass
    return reply


def available(api: Api) -> int:
    return int(api.get("/me/wallet")["available"])


@contextmanager
def between_reads(act: Callable[[], object], *, before: int) -> Iterator[None]:
    """Do something just before one of the calls inside is sent, counted from 0."""
    numbers = itertools.count()
    events = connection().connection.client.meta.events

    def before_send(request: AWSPreparedRequest, **_: object) -> None:  # noqa: ARG001 - by name
        if next(numbers) == before:
            events.unregister("before-send.dynamodb", before_send)
            act()

    events.register_first("before-send.dynamodb", before_send)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", before_send)


def test_of_twenty_members_who_claim_one_code_at_once_one_gets_the_points(mall: Mall) -> None:
    members = [mall.member(f"m{number}") for number in range(20)]
    code = guests(mall)["claim_code"]
    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(lambda api: insisted(lambda: claim(api, code)), members))
    assert Counter(reply.status for reply in replies) == {201: 1, 409: 19}
    assert {reply.code for reply in replies if reply.status == 409} == {"already_claimed"}
    assert sorted(map(available, members)) == [0] * 19 + [128]
    assert all(is_intact(mall, f"m{number}") for number in range(20))


def test_one_claim_sent_twenty_times_at_once_has_one_effect_and_equal_answers(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(lambda _: insisted(lambda: claim(lin, code)), range(20)))
    assert {reply.status for reply in replies} == {201}
    assert all(reply.json == replies[0].json for reply in replies)
    assert sum("idempotency-replayed" not in reply.headers for reply in replies) == 1
    assert available(lin) == 128
    assert is_intact(mall)


@pytest.mark.parametrize("round_", range(3))
def test_a_claim_and_refunds_at_once_end_where_they_do_one_after_the_other(
    mall: Mall, round_: int
) -> None:
    lin = mall.member("lin")
    code = guests(mall, amount=9_990)["claim_code"]

    def deed(number: int) -> Reply:
        if number == 4 * round_:
            return insisted(lambda: claim(lin, code))
        return insisted(lambda: refund(mall, f"r-{number}", 777))

    with ThreadPoolExecutor(9) as threads:
        replies = list(threads.map(deed, range(9)))
    assert {reply.status for reply in replies} == {201}
    claimed = replies.pop(4 * round_)["points"]
    back = sum(reply["points_clawed_back"] for reply in replies)
    assert back == 99 - (9_990 - 8 * 777) // 100
    assert available(lin) == 99 - back
    assert claimed >= available(lin)
    assert is_intact(mall)


def test_ten_wrong_tries_at_once_are_answered_and_no_more(mall: Mall) -> None:
    lin = mall.member("lin")
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda n: claim(lin, "0" * 16, key=f"k-{n}"), range(16)))
    assert Counter(reply.status for reply in replies) == {404: 10, 429: 6}


def test_a_claim_goes_on_from_the_refund_that_overtook_it(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with meanwhile(lambda: refund(mall, "r-1", 5_000)) as calls:
        claimed = claim(lin, code)
    assert (claimed.status, claimed["points"]) == (201, 78)
    assert calls[-3:] == ["…", "TransactWriteItems", "TransactWriteItems"]
    assert available(lin) == 78
    assert is_intact(mall)


def test_a_refund_is_judged_anew_when_the_purchase_is_claimed_meanwhile(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with meanwhile(lambda: claim(lin, code)) as calls:
        assert taken(refund(mall, "r-1", 5_000)) == (201, 50, 0)
    # Then it is read whose it is, and what is in the wallet.
    assert calls[2:] == [
        "…",
        "TransactWriteItems",
        "BatchGetItem",
        "BatchGetItem",
        "TransactWriteItems",
    ]
    assert available(lin) == 78
    entry = lin.get("/me/journal")["items"][0]
    assert (entry["reason"], entry["points"]) == ("purchase_refund", -50)
    assert is_intact(mall)


def test_whoever_was_overtaken_by_another_claim_is_told_so(mall: Mall) -> None:
    lin, wu = mall.member("lin"), mall.member("wu")
    code = guests(mall)["claim_code"]
    with meanwhile(lambda: claim(wu, code)):
        assert claim(lin, code).code == "already_claimed"
    assert (available(lin), available(wu)) == (0, 128)


def test_a_claim_sent_twice_at_once_gets_the_winners_answer(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with meanwhile(lambda: claim(lin, code)):
        again = claim(lin, code)
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status, again["points"], available(lin)) == (201, 128, 128)


@pytest.mark.parametrize("before", [1, 2])
def test_a_claim_that_was_carried_out_after_its_receipt_was_looked_for_is_told_again(
    mall: Mall, before: int
) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with between_reads(lambda: made(claim(lin, code), 201), before=before):
        again = claim(lin, code)
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status, again["points"], available(lin)) == (201, 128, 128)


def test_a_key_that_was_spent_after_its_receipt_was_looked_for_is_reused(mall: Mall) -> None:
    lin, wu = mall.member("lin"), mall.member("wu")
    code, other = guests(mall)["claim_code"], guests(mall, "p-2")["claim_code"]

    def overtake() -> None:
        made(claim(wu, code), 201)
        made(claim(lin, other), 201)

    with between_reads(overtake, before=1):
        assert claim(lin, code).code == "idempotency_key_reused"


def test_a_key_that_is_spent_meanwhile_is_reused(mall: Mall) -> None:
    lin = mall.member("lin")
    code, other = guests(mall)["claim_code"], guests(mall, "p-2", amount=100)["claim_code"]
    with meanwhile(lambda: claim(lin, other)):
        assert claim(lin, code).code == "idempotency_key_reused"
    assert available(lin) == 1


def test_a_guests_purchase_reported_twice_at_once_gets_the_winners_answer(mall: Mall) -> None:
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: insisted(lambda: guests(mall)), range(8)))
    assert sorted(reply.status for reply in replies) == [200] * 7 + [201]
    assert all(reply.json == replies[0].json for reply in replies)


def hopeless(work: Work) -> Work:
    """Return circumstances in which nothing is tried twice."""
    ticks = itertools.count()
    return replace(work, pause=lambda _: None, elapsed=lambda: float(next(ticks)))


def a_booked_purchase() -> Purchase:
    """Return the purchase as it is in the table."""
    raw = store.find(Work(NOW), store.purchase_key(CHANNEL_NAME, "p-1"))
    assert raw is not None
    return store.purchase_from(raw)


@pytest.mark.parametrize(
    ("refunded", "today"), [(1, TODAY), (0, date(2026, 12, 22)), (0, date(2027, 1, 1))]
)
def test_the_table_itself_refuses_a_claim_that_was_judged_wrongly(
    mall: Mall, refunded: int, today: date
) -> None:
    guests(mall)
    claimed = as_claimed(a_booked_purchase(), refunded=refunded)
    before = whole_table()
    assert_refused(lambda tx: store.put_claimed(tx, claimed, today=today))
    assert whole_table() == before


def test_the_table_itself_lets_nobody_take_what_is_somebodys(mall: Mall) -> None:
    lin = mall.member("lin")
    made(claim(lin, guests(mall)["claim_code"]), 201)
    before = whole_table()
    again = as_claimed(a_booked_purchase(), refunded=0)
    assert_refused(lambda tx: store.put_claimed(tx, again, today=TODAY))
    assert whole_table() == before


def as_claimed(purchase: Purchase, *, refunded: int) -> Purchase:
    """Return a purchase after a claim that takes so much for refunded."""
    by_then = Claim(date(2026, 12, 21), refunded=refunded)
    return replace(purchase, member_id=id_of("lin"), expires_on=LOTS, claim=by_then)


def assert_refused(add: Callable[[Transaction], None]) -> None:
    """Assert that the table does not take what is added."""
    with pytest.raises(Contended) as refusal:
        persist(hopeless(Work(NOW)), add)
    assert isinstance(refusal.value.__context__, Moved)


def test_no_code_is_turned_to_another_purchase(mall: Mall) -> None:
    guests(mall)
    other = replace(a_booked_purchase(), purchase_id="p-2")
    code = claim_code(settings().secret, other)
    persist(Work(NOW), lambda tx: store.put_claim_code(tx, a_booked_purchase(), code=code))
    before = whole_table()
    assert guests(mall, "p-2").code == "contended"
    assert whole_table() == before
