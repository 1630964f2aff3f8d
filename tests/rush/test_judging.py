"""The judges of a rush see what they must not let pass."""

from __future__ import annotations

import json

import pytest

from tests.events import Reply
from tests.mall import Mall
from tests.rush.buying import Answer, Ask, at, insisted, rush
from tests.rush.crowd import a_crowd
from tests.rush.drops import PRICE
from tests.rush.judging import begun, check_sold, check_told
from tests.rush.witness import Witness

PROBLEM = {"content-type": "application/problem+json"}
ASK = Ask("buyer", "rwd_0Ab1Cd2Ef3G", "k-1")


def an_answer(status: int, *, began: float = 0.0, ended: float, **body: str) -> Answer:
    headers = PROBLEM if status >= 400 else {}
    return Answer(ASK, Reply(status, headers, json.dumps(body)), began, ended, tries=1)


def test_a_sold_out_before_the_last_unit_went_is_seen() -> None:
    early = an_answer(409, ended=1.9, code="sold_out")
    with pytest.raises(AssertionError, match="1 were told wrong"):
        check_told([early], {"ord_1": 1.0, "ord_2": 2.0})
    late = an_answer(409, ended=2.1, code="sold_out")
    check_told([late], {"ord_1": 1.0, "ord_2": 2.0})


def test_an_order_was_placed_after_the_first_of_its_requests() -> None:
    first = an_answer(201, began=1.0, ended=9.0, id="ord_1")
    again = an_answer(201, began=3.0, ended=4.0, id="ord_1")
    assert begun([again, first]) == {"ord_1": 1.0}


def test_units_that_are_left_or_said_twice_are_seen(mall: Mall) -> None:
    (buyer,) = a_crowd(mall, 1, points=3 * PRICE)
    reward = mall.reward(PRICE, stock={"mode": "numbered", "units": 3})
    answers = [insisted(at(mall.app), Ask(buyer, reward, f"key-{n}")) for n in range(2)]
    check_sold(mall, reward, answers, units=2)
    with pytest.raises(AssertionError):
        check_sold(mall, reward, answers, units=3)
    with pytest.raises(AssertionError):
        check_sold(mall, reward, answers[:1], units=2)


def test_other_refusals_than_sold_out_are_seen(mall: Mall) -> None:
    (buyer,) = a_crowd(mall, 1, points=PRICE)
    reward = mall.reward(2 * PRICE)
    with pytest.raises(AssertionError, match="insufficient_points"):
        check_sold(mall, reward, [insisted(at(mall.app), Ask(buyer, reward, "k-1"))], units=0)


def test_the_witness_knows_when_the_transaction_behind_an_answer_left(mall: Mall) -> None:
    buyers = a_crowd(mall, 2, points=PRICE)
    reward = mall.reward(PRICE, stock={"mode": "numbered", "units": 2})
    asks = [Ask(subject, reward, "k-1") for subject in (*buyers, buyers[0])]
    witness = Witness()
    with witness.watching():
        answers = rush(witness.seeing(at(mall.app)), asks, threads=1)
    placed = witness.earliest(answers)
    assert len(placed) == 2
    for answer in answers[:2]:
        assert answer.began < placed[answer.order_id] < answer.ended
    assert answers[2].is_replayed
