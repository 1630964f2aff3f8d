"""How the table's stream is read in AWS, and what its readers may do there."""

from __future__ import annotations

import json
from typing import Final

import pytest

from chalicelib.gateways.messages.aws import CONNECT_SECONDS, READ_SECONDS
from chalicelib.outreach.notices.service import SECONDS_MAX
from chalicelib.storage.work import BUDGET_SECONDS
from infra.local.pump import FILTERS
from tests.deployable import of_type, properties

TELLING: Final = ("HeldNotices", "Relay")
RETRIES_MAX: Final = 10_000
"""As many as Lambda takes."""
HOUR: Final = 3600
STREAM_KEEPS: Final = 24 * HOUR
USES_MAX: Final = 20
"""Reads and writes of the table, each with a budget of its own: more than any notice takes."""
NOTICE_SECONDS: Final = USES_MAX * BUDGET_SECONDS + CONNECT_SECONDS + READ_SECONDS
RUN_EVERY: Final = 300


def test_only_those_who_tell_members_know_the_ways() -> None:
    functions = of_type("AWS::Lambda::Function")
    told = {name: functions[name]["Environment"]["Variables"] for name in functions}
    ways = {"JIFEN_MAIL_FROM", "JIFEN_SMS", "JIFEN_PUSH_TOPIC"}
    assert {name for name in told if ways <= told[name].keys()} == set(TELLING)
    assert {name for name in told if ways & told[name].keys()} == set(TELLING)


@pytest.mark.parametrize("name", TELLING)
def test_who_sends_sms_may_send_nothing_else_everywhere(name: str) -> None:
    policies = properties(f"{name}Role")["Policies"]
    granted = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    wide = [one for one in granted if one["Resource"] == "*"]
    assert [(one["Sid"], one["Action"]) for one in wide] == [("SendTexts", ["sns:Publish"])]


def test_the_relay_reads_what_the_pump_of_a_laptop_reads() -> None:
    mapping = properties("RelayRelayDynamodbEventSource")
    found = [json.loads(one["Pattern"]) for one in mapping["FilterCriteria"]["Filters"]]
    assert found == list(FILTERS)
    assert mapping["EventSourceArn"] == {"Fn::Sub": "${Table.StreamArn}"}


def test_the_changes_of_a_member_are_read_by_one_reader_in_their_order() -> None:
    """Several readers of a shard keep the order of an item, and each entry is one."""
    assert properties("RelayRelayDynamodbEventSource").get("ParallelizationFactor", 1) == 1


def test_a_record_that_fails_is_skipped_by_its_age_and_not_by_its_tries() -> None:
    """An outage of the table is longer than any number of tries that is not beyond counting."""
    mapping = properties("RelayRelayDynamodbEventSource")
    assert mapping["MaximumRetryAttempts"] == RETRIES_MAX
    assert HOUR <= mapping["MaximumRecordAgeInSeconds"] < STREAM_KEEPS / 2


def test_held_notices_end_their_last_notice_in_time() -> None:
    seconds = properties("HeldNotices")["Timeout"]
    assert SECONDS_MAX + NOTICE_SECONDS <= seconds <= RUN_EVERY


@pytest.mark.parametrize("name", TELLING)
def test_who_names_rewards_may_read_their_units_in_the_table_itself(name: str) -> None:
    """A numbered reward past its end is told by its blocks, which no index holds."""
    policies = properties(f"{name}Role")["Policies"]
    granted = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    found = [one["Resource"] for one in granted if one["Action"] == ["dynamodb:Query"]]
    assert any({"Fn::GetAtt": ["Table", "Arn"]} in resources for resources in found)


def test_a_batch_that_fails_is_halved_and_what_is_skipped_is_told() -> None:
    mapping = properties("RelayRelayDynamodbEventSource")
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    told = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert told == {"Fn::GetAtt": ["RelayDeadLetters", "Arn"]}
    watched = [alarm.get("Dimensions") for alarm in of_type("AWS::CloudWatch::Alarm").values()]
    name = {"Fn::GetAtt": ["RelayDeadLetters", "QueueName"]}
    assert [{"Name": "QueueName", "Value": name}] in watched
