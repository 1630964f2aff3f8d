"""The same request twice at once: whatever the one finds done, it was done for both.

One of the two is held before one of its calls until the other is answered. Held at a batch, it may
have read its receipt before and the rest after: DynamoDB reads the items of a batch one by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from chalicelib.catalog.units.rules import NUMBERED_UNITS_MAX
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests import crash_orders as orders
from tests import crash_requests as requests
from tests.crash_entries import Prepare
from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Reply
from tests.invariants import check_all
from tests.mall import Mall

RECEIPT: Final = re.compile(r"R#[0-9A-Za-z]{21}|B#rfd_[0-9A-Za-z]+")
"""The sort keys of receipts that are read with what they are about."""
CALLS_MAX: Final = 20
"""More than any of these requests makes."""
KEYED: Final[dict[str, Prepare]] = {
    "add stock": requests.add_stock,
    "withdraw": orders.withdraw,
    "withdraw numbers": orders.withdraw_numbers,
    "redeem the last numbers": orders.redeem_the_last_numbers,
    "claim": orders.claim,
    "cancel": orders.cancel,
    "refund a part": orders.refund_part,
    "refund seen codes": orders.refund_fetched_codes,
    "approve": orders.approve,
    "reject": orders.reject,
}


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize("batches", ["whole", "torn"])
def test_a_request_sent_twice_at_once_is_answered_alike(
    mall: Mall, name: str, batches: str
) -> None:
    clients = Clients(mall)
    made = [twice(KEYED[name](clients), at=0, torn=batches == "torn")]
    while made[-1]:
        assert len(made) < CALLS_MAX
        made.append(twice(KEYED[name](clients), at=len(made), torn=batches == "torn"))
    assert len(made) > 1
    check_all(Work(mall.clock.now()))


def test_a_limited_drop_that_was_filled_twice_at_once_is_not_full_for_one_of_them(
    mall: Mall,
) -> None:
    reward = mall.reward(stock={"mode": "numbered", "units": NUMBERED_UNITS_MAX // 2})
    path, body = f"/admin/rewards/{reward}/stock", {"add": NUMBERED_UNITS_MAX // 2}
    # Behind the look for a receipt, and before the reward is read.
    assert twice(lambda: mall.marketing.post(path, body, key="k"), at=1, torn=False)


def twice(send: Send, *, at: int, torn: bool) -> bool:
    """Send a request twice at once, and compare; tell whether one was held: it made that call."""
    with held(send, at=at, torn=torn) as twins:
        reply = send()
    for twin in twins:
        assert (reply.status, reply.code) == (twin.status, ""), (at, reply.text)
    return bool(twins)


@contextmanager
def held(send: Send, *, at: int, torn: bool) -> Iterator[list[Reply]]:
    """Send a request just before another's call, and collect the answer; `torn` as told above."""
    twins: list[Reply] = []
    made = 0
    busy = False
    events = connection().connection.client.meta.events

    def before_send(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        nonlocal busy, made
        if busy:
            return None
        made += 1
        if made != at + 1:
            return None
        busy = True
        twins.append(send())
        busy = False
        return without_receipts(request) if torn and b"Keys" in text(request) else None

    handler: Any = before_send
    events.register_first("before-send.dynamodb", handler)
    try:
        yield twins
    finally:
        events.unregister("before-send.dynamodb", handler)


def without_receipts(request: AWSPreparedRequest) -> AWSResponse:
    """Return the answer to a batch whose receipts were read when there were none yet."""
    asked = json.loads(text(request))
    for table in asked["RequestItems"].values():
        table["Keys"] = [key for key in table["Keys"] if not RECEIPT.fullmatch(key["s"]["S"])]
    request.body = json.dumps(asked).encode()
    request.headers["Content-Length"] = str(len(request.body))
    return URLLib3Session().send(request)


def text(request: AWSPreparedRequest) -> bytes:
    """Return what is sent."""
    body = request.body
    return body if isinstance(body, bytes) else str(body).encode()
