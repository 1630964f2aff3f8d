"""The queue of what Stripe told, as it would be deployed: nothing in it is lost without a word."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.redeem.webhooks.rules import LEASE
from chalicelib.web.jobs import BATCH_MAX
from infra.local.queues import RECEIVES_MAX
from tests.deployable import of_type, properties


def test_what_stripe_told_is_kept_until_it_is_worked_off() -> None:
    queue, dead = properties("StripeEventsQueue"), properties("StripeEventsDeadLetters")
    assert queue["VisibilityTimeout"] == 6 * properties("StripeEvents")["Timeout"]
    assert timedelta(seconds=properties("StripeEvents")["Timeout"]) == LEASE
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["StripeEventsDeadLetters", "Arn"]},
        "maxReceiveCount": RECEIVES_MAX,
    }
    for one in (queue, dead):
        assert one["MessageRetentionPeriod"] == 14 * 86_400
        assert one["SqsManagedSseEnabled"] is True


def test_a_message_that_fails_comes_back_alone() -> None:
    (mapping,) = (
        one
        for one in of_type("AWS::Lambda::EventSourceMapping").values()
        if one["FunctionName"] == {"Ref": "StripeEvents"}
    )
    assert mapping["EventSourceArn"] == {"Fn::Sub": "${StripeEventsQueue.Arn}"}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == BATCH_MAX


def test_only_the_api_puts_and_only_its_function_works_off() -> None:
    arn = {"Fn::GetAtt": ["StripeEventsQueue", "Arn"]}
    granted = {
        name: sorted(one["Action"])
        for name, role in of_type("AWS::IAM::Role").items()
        for policy in role["Policies"]
        for one in policy["PolicyDocument"]["Statement"]
        if one["Resource"] == arn
    }
    assert granted == {
        "ApiHandlerRole": ["sqs:SendMessage"],
        "StripeEventsRole": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
    }


def test_the_first_dead_letter_raises_an_alarm() -> None:
    alarm = properties("StripeEventsDead")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["StripeEventsDeadLetters", "QueueName"]}
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
