"""Who may pass, decided as API Gateway does it with a Lambda authorizer.

The Authorization header goes to the function that Lambda runs in production, as it is; what the
function says is kept for five minutes per token and then asked again, so a token taken back passes
until then, as it does in AWS. The function answers with a policy, which is read anew for every
request. Whatever it does not let pass is 401: the program's authorizer knows tokens, not rights,
and the deployed gateway is told to answer a denial with 401 too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict

from chalicelib.kernel.errors import Unauthenticated

KEPT_SECONDS: Final = 300
"""Chalice's default for `authorizerResultTtlInSeconds`, which the product leaves as it is."""
KEPT_MAX: Final = 10_000
"""Tokens remembered by one worker, 20 MB of them; past it the memory starts afresh."""
UNAUTHORIZED: Final = "Unauthorized"
"""The message with which an authorizer function makes API Gateway answer 401."""

Context = Mapping[str, str | int | bool]


class Statement(TypedDict):
    """One statement of an authorizer's policy, as Chalice writes it."""

    Effect: str
    Resource: Sequence[str]


class Policy(TypedDict):
    """An authorizer's policy."""

    Statement: Sequence[Statement]


class Verdict(TypedDict):
    """What an authorizer function returns."""

    principalId: str
    policyDocument: Policy
    context: Context


class Authorizer(Protocol):
    """The authorizer function, as Lambda calls it."""

    def __call__(self, event: dict[str, str], context: object, /) -> Verdict:
        """Return who the bearer is and what they may call."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict and until when it is kept, by the monotonic clock."""

    until: float
    verdict: Verdict


class Admission:
    """Runs an authorizer and remembers its verdicts."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._kept: dict[tuple[int, str], Kept] = {}

    def admit(self, authorizer: Authorizer, *, token: str, arn: str, context: object) -> Context:
        """Return the authorizer's context for the bearer of a token, or refuse."""
        if not token:
            raise Unauthenticated
        verdict = self._verdict(authorizer, token=token, arn=arn, context=context)
        if not _allows(verdict["policyDocument"], arn):
            raise Unauthenticated
        return {**verdict.get("context", {}), "principalId": verdict["principalId"]}

    def _verdict(self, authorizer: Authorizer, *, token: str, arn: str, context: object) -> Verdict:
        key = (id(authorizer), token)
        kept = self._kept.get(key)
        now = self._elapsed()
        if kept is not None and now < kept.until:
            return kept.verdict
        event = {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}
        try:
            verdict = authorizer(event, context)
        except Exception as error:
            # A Lambda function tells the gateway 401 by the words of any exception.
            if str(error) == UNAUTHORIZED:
                raise Unauthenticated from None
            raise
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[key] = Kept(now + KEPT_SECONDS, verdict)
        return verdict


def _allows(policy: Policy, arn: str) -> bool:
    """Return whether a policy lets a call pass: some statement allows it and none denies it."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if any(_covers(resource, arn) for resource in statement["Resource"])
    }
    return effects == {"Allow"}


def _covers(resource: str, arn: str) -> bool:
    """Return whether an ARN pattern of IAM (`*` and `?`) covers an ARN."""
    pattern = re.escape(resource).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, arn) is not None
