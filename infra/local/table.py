"""Makes the table on a local engine from the definition that AWS gets.

`infra/template/table.json` is written in CloudFormation's words; CreateTable knows most of them.
What it does not know is done by other calls in AWS, and left out here: encryption and
point-in-time recovery protect data that a laptop does not have, and expiry by `t` only tidies up.
"""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from infra.local.engines import REGION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEFINITION: Final = Path(__file__).resolve().parents[1] / "template" / "table.json"
SAME_IN_CREATE_TABLE: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
)
ACTIVE_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02


def create_table(endpoint: str, table_name: str, *, stream: bool = False) -> bool:
    """Make the table unless it is there, and tell whether it was made.

    The stream is off unless asked for: it costs an engine a write each.
    """
    client = dynamodb(endpoint)
    try:
        client.create_table(**_arguments(table_name, stream=stream))
    except client.exceptions.ResourceInUseException:
        return False
    deadline = time.monotonic() + ACTIVE_SECONDS
    while client.describe_table(TableName=table_name)["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline, "a local table is active at once, or nearly"
        time.sleep(POLL_SECONDS)
    return True


@cache
def dynamodb(endpoint: str) -> DynamoDBClient:
    """Return the client of a local engine, whatever the environment says."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - no engine asks for one
        config=Config(
            account_id_endpoint_mode="disabled",
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 1},
        ),
    )


def _arguments(table_name: str, *, stream: bool) -> dict[str, Any]:
    defined = json.loads(DEFINITION.read_text())
    arguments = {name: defined[name] for name in SAME_IN_CREATE_TABLE}
    if stream:
        arguments["StreamSpecification"] = {"StreamEnabled": True} | defined["StreamSpecification"]
    return arguments | {"TableName": table_name}
