"""The table: its attributes, the base of every item, and the one connection.

One PynamoDB connection serves every model, because a botocore client costs 70 ms to build. It is
made at the first use, never at import. Botocore retries nothing: every retry is counted against
the use case's own budget.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, Self, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.connection.base import MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model

from chalicelib.settings import settings

RawItem = dict[str, dict[str, Any]]
"""An item as DynamoDB's JSON: attribute name to type to value."""
Key = tuple[str, str]

CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
"""A transaction takes 10 ms; two seconds is an outage, and still fits the budget."""
POOL_CONNECTIONS: Final = 64
"""As many as the threads of one local worker; a Lambda uses one."""
TRANSIENT: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
        "TransactionInProgressException",
        "TransactionConflictException",
    }
)
"""Codes after which the same call may succeed."""

WAKE: Final = {
    "IndexName": "by_wake",
    "KeySchema": [
        {"AttributeName": "wk", "KeyType": "HASH"},
        {"AttributeName": "wa", "KeyType": "RANGE"},
    ],
}
"""The index of what has a deadline; `storage.wakes` reads it."""

PROXY_ERRORS: Final = frozenset({"500", "502", "503", "504"})

_building = threading.Lock()

T = TypeVar("T")
M = TypeVar("M", bound="Item")


class IntAttribute(Attribute[int]):
    """An integer. PynamoDB's own number attribute is a float in disguise."""

    attr_type = "N"

    def serialize(self, value: int) -> str:
        """Return the decimal digits; anything but an int is our own bug."""
        assert type(value) is int, value
        return str(value)

    def deserialize(self, value: str) -> int:
        """Return the integer."""
        return int(value)


class IntMapAttribute(Attribute[dict[str, int]]):
    """A map of short names to integers."""

    attr_type = "M"

    def serialize(self, value: Mapping[str, int]) -> dict[str, dict[str, str]]:
        """Return DynamoDB's map of numbers."""
        assert all(type(number) is int for number in value.values()), value
        return {name: {"N": str(number)} for name, number in value.items()}

    def deserialize(self, value: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
        """Return the map as integers by name."""
        return {name: int(number["N"]) for name, number in value.items()}


class _TableName:
    """The table's name, read from the settings when it is first needed."""

    def __get__(self, instance: object, owner: type) -> str:
        return settings().table


class Item(Model):
    """The base of every item: one table, keys under generic names."""

    class Meta:
        """One table for all."""

        table_name = _TableName()

    partition = UnicodeAttribute(hash_key=True, attr_name="p")
    sort = UnicodeAttribute(range_key=True, attr_name="s")

    @classmethod
    def _get_connection(cls) -> TableConnection:
        return connection()

    l1 = UnicodeAttribute(null=True)
    l2 = UnicodeAttribute(null=True)
    wk = UnicodeAttribute(null=True)
    wa = UnicodeAttribute(null=True)

    @classmethod
    def named(cls, partition: str, sort: str) -> Wanted[Self]:
        """Return what `fetch` is asked for."""
        return Wanted(cls, (partition, sort))

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Return the item that DynamoDB's JSON holds."""
        return cls.from_raw_data(dict(raw))

    @property
    def key(self) -> Key:
        """Return the item's own key."""
        return (self.partition, self.sort)


@dataclass(frozen=True, slots=True)
class Wanted(Generic[M]):
    """A key and the model that reads it."""

    model: type[M]
    key: Key


def connection() -> TableConnection:
    """Return the one connection of this process, its client already built.

    Built under a lock: botocore's sessions are not made for threads.
    """
    with _building:
        return _connect(settings().table)


@lru_cache(maxsize=1)
def _connect(name: str) -> TableConnection:
    keys = [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]
    indexes = [
        {
            "IndexName": f"by_{index}",
            "KeySchema": [keys[0], {"AttributeName": index, "KeyType": "RANGE"}],
        }
        for index in ("l1", "l2")
    ]
    table = TableConnection(
        name,
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        max_retry_attempts=0,
        max_pool_connections=POOL_CONNECTIONS,
        meta_table=MetaTable(
            {
                "TableName": name,
                "KeySchema": keys,
                "AttributeDefinitions": [
                    {"AttributeName": column, "AttributeType": "S"}
                    for column in ("p", "s", "l1", "l2", "wk", "wa")
                ],
                "LocalSecondaryIndexes": indexes,
                "GlobalSecondaryIndexes": [WAKE],
            }
        ),
    )
    _ = table.connection.client
    return table


def code_of(failure: PynamoDBException) -> str:
    """Return DynamoDB's own code of a failure, empty where no answer came.

    PynamoDB's property for it stumbles over time-outs, whose response is None. An answer of a proxy
    in between, without a code of DynamoDB's, is no answer: botocore gives its status for a code.
    """
    response: Mapping[str, Any] = getattr(failure.cause, "response", None) or {}
    code = str(response.get("Error", {}).get("Code", ""))
    return "" if code in PROXY_ERRORS else code


def is_transient(failure: PynamoDBException) -> bool:
    """Tell whether the same call may succeed when it is sent again."""
    code = code_of(failure)
    return code in TRANSIENT if code else isinstance(failure.cause, BotoCoreError | ClientError)
