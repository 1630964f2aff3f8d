"""Crowds: thousands of rewards and members, written straight into the engine.

One real item is made by the product and copied under other keys, 25 a call. Their journals would
not verify; what they cost to read and to write beside is what is measured here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from botocore.exceptions import ReadTimeoutError

from chalicelib.kernel.ids import base62
from chalicelib.settings import settings
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem, connection
from chalicelib.storage.work import Work
from tests.mall import Mall, id_of

BATCH_MAX: Final = 25
"""DynamoDB's own limit on the puts of one BatchWriteItem."""
ID_CHARS: Final = 11

Written = Mapping[str, Mapping[str, Any]]


def many_rewards(mall: Mall, count: int) -> None:
    """Copy a reward until there are `count` more, each with a place of its own on the shelf."""
    reward = mall.reward(description={"zh": "好看的杯子" * 10, "en": "A fine mug. " * 10})
    raw = read_items(mall, [("catalog", f"R#{reward}")])[0]

    def copy(number: int) -> Written:
        hour, rest = divmod(number, 3600)
        at = f"K#2026-10-{1 + hour // 24:02}T{hour % 24:02}:{rest // 60:02}:{rest % 60:02}.000000Z"
        name = f"R#rwd_{base62(number, ID_CHARS)}"
        return {**raw, "s": {"S": name}, "l1": {"S": at}}

    write_items(copy(number) for number in range(count))


def many_members(mall: Mall, count: int) -> None:
    """Copy a member with points until there are `count` more: profile, wallet and an entry."""
    mall.member("original", points=100)
    member_id = id_of("original")
    sorts = ("P", "W", "J#000000000002")
    originals = read_items(mall, [(member_id, sort) for sort in sorts])
    ids = (f"mem_{base62(number, ID_CHARS)}" for number in range(count))
    write_items({**raw, "p": {"S": copied}} for copied in ids for raw in originals)


def read_items(mall: Mall, keys: Sequence[Key]) -> list[RawItem]:
    """Return items as they are stored."""
    found = fetch_raw(Work(mall.clock.now()), keys)
    return [found[key] for key in keys]


def write_items(items: Iterator[Written]) -> None:
    """Write items past the product, 25 a call."""
    # PynamoDB's type for its client leaves out the operations.
    client: Any = connection().connection.client
    table = settings().table
    while batch := list(itertools.islice(items, BATCH_MAX)):
        puts: Any = [{"PutRequest": {"Item": item}} for item in batch]
        answer = _sent(partial(client.batch_write_item, RequestItems={table: puts}))
        assert not answer.get("UnprocessedItems"), "a local engine takes everything"


def _sent(call: Callable[[], Written]) -> Written:
    """Return what a call brings, sent again where a busy machine lets it wait too long."""
    while True:
        try:
            return call()
        except ReadTimeoutError:
            continue
