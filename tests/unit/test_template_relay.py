"""How the table's stream is read in AWS, and what its readers may do there."""

from __future__ import annotations

import json
from typing import Final

import pytest

from infra.local.pump import FILTERS, RETRIES_MAX
from tests.deployable import of_type, properties

TELLING: Final = ("HeldNotices", "Relay")


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
    assert mapping["MaximumRetryAttempts"] == RETRIES_MAX
    assert mapping["EventSourceArn"] == {"Fn::Sub": "${Table.StreamArn}"}


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
