"""Who meddles with transactions lets them conflict when it should, and only then."""

from __future__ import annotations

import json
from typing import Final

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from tests.mall import Mall, made
from tests.rush.conflicts import Dice, Overlaps, keys_in, meddling

TARGET: Final = "DynamoDB_20120810.TransactWriteItems"


def a_transaction(*names: str) -> AWSPreparedRequest:
    """Return a transaction that puts one item and updates the others."""
    items = [{"Put": {"Item": {"p": {"S": names[0]}, "s": {"S": "S"}, "f": {"N": "1"}}}}]
    items += [{"Update": {"Key": {"p": {"S": name}, "s": {"S": "S"}}}} for name in names[1:]]
    body = json.dumps({"TransactItems": items}).encode()
    headers = HTTPHeaders()
    headers["X-Amz-Target"] = TARGET
    return AWSPreparedRequest("POST", "http://127.0.0.1", headers, body, stream_output=False)


def is_conflict(answer: AWSResponse | None) -> bool:
    return answer is not None and b"TransactionConflict" in answer.content


def test_a_transaction_conflicts_while_one_of_its_items_is_in_anothers_hands() -> None:
    overlaps = Overlaps()
    assert overlaps.before_send(a_transaction("a", "b")) is None
    assert is_conflict(overlaps.before_send(a_transaction("c", "b")))
    overlaps.after_call()
    assert overlaps.before_send(a_transaction("c", "b")) is None


def test_one_that_conflicts_holds_nothing() -> None:
    overlaps = Overlaps()
    assert overlaps.before_send(a_transaction("a")) is None
    assert is_conflict(overlaps.before_send(a_transaction("c", "a")))
    assert overlaps.before_send(a_transaction("c")) is None


def test_dice_let_none_or_all_conflict() -> None:
    assert Dice(0.0, seed=1).before_send(a_transaction("a")) is None
    assert is_conflict(Dice(1.0, seed=1).before_send(a_transaction("a")))


def test_who_meddles_sees_each_transaction_leave_and_return(mall: Mall) -> None:
    member, reward = mall.member(points=10), mall.reward(10)
    overlaps = Seeing()
    with meddling(overlaps):
        order = made(member.post("/orders", {"reward_id": reward}, key="k-1"), 201)
    assert any(sort == f"O#{order['id']}" for _, sort in overlaps.left)
    assert overlaps.returned == 1


class Seeing:
    """A meddler who only looks."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.left: set[tuple[str, str]] = set()
        self.returned = 0

    def before_send(self, request: AWSPreparedRequest, **_: object) -> None:
        """See what leaves."""
        self.left |= keys_in(request)

    def after_call(self, **_: object) -> None:
        """See what returns."""
        self.returned += 1
