"""What would be deployed, told of the CloudFormation that AWS makes of the package."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib import settings
from chalicelib.web.tokens import CHANNEL_SCOPE
from infra.local.table import DEFINITION
from infra.template.lint import Template, findings, translate
from infra.template.package import ROOT
from tests.deployable import of_type, packaged, properties, stack

FUNCTIONS: Final = (
    "APIHandler",
    "Authorizer",
    "Expiry",
    "HeldNotices",
    "OrderDeadlines",
    "Reconciliation",
    "Relay",
    "StripeEvents",
    "UnfinishedRefunds",
)
NAMELESS: Final = frozenset({"SendTexts"})
"""The one right that AWS grants on everything or not at all: a phone number is no resource."""
MONEY: Final = (
    "APIHandler",
    "OrderDeadlines",
    "Reconciliation",
    "StripeEvents",
    "UnfinishedRefunds",
)
"""Functions that talk to Stripe."""
KEPT: Final = ("Table", "Pool", "Secret")
STRIPE: Final = {
    "JIFEN_STRIPE_KEY": "sk_test_key",
    "JIFEN_STRIPE_WEBHOOK_SECRETS": "whsec_one,whsec_two",
    "JIFEN_ENVIRONMENT": "prod",
}
"""What stands in the account's secret, and under which name payments are marked."""


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, dict):
        yield from texts(list(value.values()))


# That the linters find nothing is what `make check` says.
def lint(sam: Template, folder: Path) -> list[str]:
    written = folder / "sam.json"
    written.write_text(json.dumps(sam))
    return findings(written)


def test_the_linters_find_a_resource_that_is_missing(tmp_path: Path) -> None:
    broken = copy.deepcopy(packaged().sam)
    del broken["Resources"]["Table"]
    assert any("'Table' is not one of" in finding for finding in lint(broken, tmp_path))


def test_the_linters_find_what_only_the_translator_refuses(tmp_path: Path) -> None:
    broken = copy.deepcopy(packaged().sam)
    responses = broken["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    responses["THROTTLED"]["StatusCode"] = "many"
    assert [finding[:4] for finding in lint(broken, tmp_path)] == ["SAM:"]


def test_translating_leaves_the_package_as_it_is() -> None:
    before = copy.deepcopy(packaged().sam)
    translate(packaged().sam)
    assert packaged().sam == before


def test_the_table_is_the_one_that_laptops_and_tests_make() -> None:
    assert properties("Table") == json.loads(DEFINITION.read_text()) | {
        "DeletionProtectionEnabled": True
    }


def test_the_table_is_on_demand_encrypted_restorable_and_streams_both_images() -> None:
    table = properties("Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "t", "Enabled": True}


@pytest.mark.parametrize("name", KEPT)
def test_what_members_own_outlives_the_stack(name: str) -> None:
    resource = stack()["Resources"][name]
    assert resource["DeletionPolicy"] == "Retain"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_each_function_has_a_role_of_its_own() -> None:
    roles = {properties(name)["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS}
    assert len(roles) == len(FUNCTIONS)
    assert roles == set(of_type("AWS::IAM::Role"))


def test_no_role_may_do_everything_or_touch_everything() -> None:
    granted = [
        text
        for role in of_type("AWS::IAM::Role").values()
        for statement in statements(role)
        if statement["Sid"] not in NAMELESS
        for text in texts([statement["Action"], statement["Resource"]])
    ]
    assert granted
    assert [text for text in granted if "*" in text] == []


def test_no_role_borrows_a_policy_from_aws() -> None:
    for role in of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role


def test_the_authorizer_may_write_its_log_and_nothing_else() -> None:
    (statement,) = statements(properties("AuthorizerRole"))
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == {"Fn::GetAtt": ["AuthorizerLogs", "Arn"]}


def test_the_api_may_query_the_indexes_that_the_table_has() -> None:
    granted = next(
        statement
        for statement in statements(properties("ApiHandlerRole"))
        if statement["Sid"] == "ListByTime"
    )
    table = properties("Table")
    indexes = table["LocalSecondaryIndexes"] + table["GlobalSecondaryIndexes"]
    assert granted["Resource"] == [
        {"Fn::Sub": f"${{Table.Arn}}/index/{index['IndexName']}"} for index in indexes
    ]


def test_the_api_may_check_an_item_it_does_not_write_once_some_capability_does() -> None:
    """The one thing the Transaction can send that nobody asks of it yet."""
    sources = (ROOT / "chalicelib").rglob("*.py")
    asked = any("tx.check(" in source.read_text() for source in sources)
    granted = texts([one["Action"] for one in statements(properties("ApiHandlerRole"))])
    assert ("dynamodb:ConditionCheckItem" in granted) == asked


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_everything_that_the_settings_want(name: str) -> None:
    told = properties(name)["Environment"]["Variables"]
    known = dict.fromkeys(told, "long enough to be a secret of 32 bytes") | STRIPE
    read = settings.read({name: known[name] for name in told})
    assert read.table
    assert (read.stripe is not None) == (name in MONEY)
    assert bool(read.events_queue) == (name == "APIHandler")


@pytest.mark.parametrize("name", MONEY)
def test_stripes_secrets_are_references_and_may_be_empty(name: str) -> None:
    told = properties(name)["Environment"]["Variables"]
    secret = "{{resolve:secretsmanager:${StripeSecret}:SecretString:%s::${StripeSecretVersion}}}"
    assert told["JIFEN_STRIPE_KEY"] == {"Fn::Sub": secret % "key"}
    assert told["JIFEN_STRIPE_WEBHOOK_SECRETS"] == {"Fn::Sub": secret % "webhook_secrets"}
    empty = json.loads(properties("StripeSecret")["SecretString"])
    assert empty == {"key": "", "webhook_secrets": ""}
    known = dict.fromkeys(told, "long enough to be a secret of 32 bytes")
    assert settings.read(known | dict.fromkeys(STRIPE, "")).stripe is None


@pytest.mark.parametrize("name", MONEY)
def test_a_line_that_asks_for_a_person_raises_an_alarm(name: str) -> None:
    group = properties(name)["LoggingConfig"]["LogGroup"]
    (watched,) = (
        one for one in of_type("AWS::Logs::MetricFilter").values() if one["LogGroupName"] == group
    )
    assert watched["FilterPattern"] == '{ $.alarm = "*" }'
    (counted,) = watched["MetricTransformations"]
    alarm = properties("AlarmLines")
    assert (counted["MetricNamespace"], counted["MetricName"]) == (
        alarm["Namespace"],
        alarm["MetricName"],
    )
    assert alarm["Threshold"] == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_secret_itself_is_nowhere_in_the_template(name: str) -> None:
    told = properties(name)["Environment"]["Variables"]["JIFEN_SECRET"]
    assert told == {"Fn::Sub": "{{resolve:secretsmanager:${Secret}}}"}


def test_the_issuer_in_the_outputs_is_the_one_that_tokens_must_name() -> None:
    told = properties("Authorizer")["Environment"]["Variables"]
    issuer = stack()["Outputs"]["Issuer"]["Value"]["Fn::Sub"]
    assert told["JIFEN_ISSUER"] == {"Fn::Sub": issuer}
    assert told["JIFEN_JWKS_URL"] == {"Fn::Sub": f"{issuer}/.well-known/jwks.json"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_logs_are_kept_for_a_season(name: str) -> None:
    group = properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
    assert properties(group)["RetentionInDays"] == 90


def test_every_alarm_wakes_somebody() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    watched = {alarm["MetricName"] for alarm in alarms.values()}
    assert {"5XXError", "Throttles", "WriteThrottleEvents"} <= watched
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())


def test_a_reconciliation_that_fails_once_or_does_not_run_for_a_day_wakes_somebody() -> None:
    failed, missed = properties("ReconciliationErrors"), properties("ReconciliationMissed")
    assert failed["Dimensions"] == missed["Dimensions"]
    assert missed["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Reconciliation"}}]
    assert (failed["MetricName"], failed["Threshold"]) == ("Errors", 0)
    assert (missed["MetricName"], missed["Statistic"]) == ("Invocations", "Sum")
    assert (missed["Period"], missed["Threshold"]) == (86_400, 1)
    assert missed["ComparisonOperator"] == "LessThanThreshold"
    assert missed["TreatMissingData"] == "breaching"


def test_the_alarm_on_failures_watches_the_stage_that_is_deployed() -> None:
    watched = {
        dimension["Name"]: dimension["Value"]
        for dimension in properties("ServerErrors")["Dimensions"]
    }
    assert watched == {
        "ApiName": properties("RestAPI")["Body"]["info"]["title"],
        "Stage": properties("RestAPIprodStage")["StageName"],
    }


def test_the_pool_has_a_group_for_each_role_of_people() -> None:
    groups = {group["GroupName"] for group in of_type("AWS::Cognito::UserPoolGroup").values()}
    assert groups == {"member", "marketing", "support", "finance", "admin"}


def test_tills_sign_in_with_a_secret_and_people_without() -> None:
    till, people = properties("TillClient"), properties("PeopleClient")
    assert till["GenerateSecret"] is True
    assert till["AllowedOAuthFlows"] == ["client_credentials"]
    assert till["AllowedOAuthScopes"] == [CHANNEL_SCOPE]
    assert people["GenerateSecret"] is False
    assert "AllowedOAuthFlows" not in people
