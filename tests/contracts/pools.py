"""Cognito pools on ministack, made by CloudFormation from the very template that is deployed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import boto3
import httpx
from botocore.config import Config

from infra.local.engines import REGION
from infra.template.lint import Template

PASSWORD: Final = "Correct-Horse-7-Battery"
SIGN_IN: Final = "ADMIN_USER_PASSWORD_AUTH"


def client(service: str, endpoint: str) -> Any:
    """Return a client of a service whose stubs are not installed."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def uploaded(endpoint: str, bucket: str, *, template: Template) -> str:
    """Return where a template is: it is longer than what may come with the call itself."""
    storage = client("s3", endpoint)
    storage.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    storage.put_object(Bucket=bucket, Key="stack.json", Body=json.dumps(template).encode())
    return f"{endpoint}/{bucket}/stack.json"


def create_stack(endpoint: str, name: str, *, template: Template) -> dict[str, str]:
    """Make what a template says and return its outputs."""
    cloudformation = client("cloudformation", endpoint)
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=uploaded(endpoint, f"templates-{name}", template=template),
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
    (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool made from the template: its id, the issuer its tokens name, and its two clients."""

    endpoint: str
    id: str
    issuer: str
    people: str
    till: str

    @classmethod
    def of(cls, endpoint: str, outputs: dict[str, str]) -> Pool:
        """Return the pool that a stack's outputs tell of."""
        return cls(
            endpoint=endpoint,
            id=outputs["PoolId"],
            issuer=outputs["Issuer"],
            people=outputs["PeopleClientId"],
            till=outputs["TillClientId"],
        )

    @property
    def keys_url(self) -> str:
        """Return where ministack publishes the pool's keys: not beneath the issuer."""
        return f"{self.endpoint}/{self.id}/.well-known/jwks.json"

    def add_person(self, email: str, *groups: str) -> None:
        """Make an account as docs/deploy.md says."""
        cognito = client("cognito-idp", self.endpoint)
        person = {"UserPoolId": self.id, "Username": email}
        cognito.admin_create_user(**person, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**person, Password=PASSWORD, Permanent=True)
        known = {group["GroupName"] for group in cognito.list_groups(UserPoolId=self.id)["Groups"]}
        for group in groups:
            if group not in known:
                cognito.create_group(UserPoolId=self.id, GroupName=group)
            cognito.admin_add_user_to_group(**person, GroupName=group)

    def sign_in(self, email: str, *, client_id: str = "") -> dict[str, str]:
        """Return a person's tokens by kind: AccessToken, IdToken, RefreshToken."""
        answer = client("cognito-idp", self.endpoint).admin_initiate_auth(
            UserPoolId=self.id,
            ClientId=client_id or self.people,
            AuthFlow=SIGN_IN,
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    def token_of_machine(self, client_id: str) -> str:
        """Return what a machine gets for its id and secret, asking for no scope by name."""
        described = client("cognito-idp", self.endpoint).describe_user_pool_client(
            UserPoolId=self.id, ClientId=client_id
        )
        answer = httpx.post(
            f"{self.endpoint}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client_id, described["UserPoolClient"]["ClientSecret"]),
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def another_client(self, **declared: Any) -> str:
        """Make one more app client and return its id."""
        made = client("cognito-idp", self.endpoint).create_user_pool_client(
            UserPoolId=self.id, ClientName="another", **declared
        )
        client_id: str = made["UserPoolClient"]["ClientId"]
        return client_id
