"""The program's settings as operators write them and as they read them."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from chalicelib.kernel.errors import Language
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.money import MINOR_DIGITS
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import (
    Activities,
    CheckIn,
    Program,
    Referral,
    ReviewPolicy,
    StreakBonus,
    Task,
)
from chalicelib.program.documents.rules import is_zone
from chalicelib.web.bodies import Body, Currency, MoneyIn, Wrong
from chalicelib.web.routes import Example
from chalicelib.web.sentences import SomeText

POINTS_PER_UNIT_MAX: Final = 1_000
WORTH_POINTS_MAX: Final = 1_000_000
"""A point worth a millionth of a yuan is worth nothing."""
MONTHS_MAX: Final = 120
"""Ten years; a date must stay within this century."""
CHANNELS_MAX: Final = 200
ZONE_CHARS_MAX: Final = 64
PER_HOUR_MAX: Final = 99
"""One page of a member's orders tells whether there were as many."""
PROGRAM_BYTES_MAX: Final = 256 * 1024
"""The largest settings have 192 KB where a client writes JSON in ASCII: each channel and task has
its longest name, and every character of a sentence is a pair of escapes. As UTF-8 they have 96 KB,
and their audit row, with two of them, stays below DynamoDB's 400 KB."""
OPTIONAL: Final = frozenset({"review", "activities"})
"""Came later than the first clients: one that does not know them must not undo them."""


def known_zone(name: str) -> str:
    """Refuse what is no time zone of the IANA database."""
    if not is_zone(name):
        raise Wrong("not a time zone", zh="不是有效的时区")
    return name


def known_currency(code: str) -> str:
    """Refuse a currency whose minor units are not known."""
    if code not in MINOR_DIGITS:
        known = ", ".join(sorted(MINOR_DIGITS))
        raise Wrong(f"not one of {known}", zh=f"应为以下币种之一：{known}")
    return code


def different(languages: list[Language]) -> list[Language]:
    """Refuse a language that is named twice."""
    if len(set(languages)) != len(languages):
        raise Wrong("a language is named twice", zh="语言重复")
    return languages


def _foreign(at: str) -> Wrong:
    return Wrong("not the program's currency", zh="与本计划的货币不一致", at=at)


Months = Annotated[int, Field(ge=1, le=MONTHS_MAX)]
ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:~+-]{1,128}$")]
"""A client id as identity providers give them; Cognito's have up to 128 characters."""
ChannelName = Annotated[str, Field(pattern=f"^{GIVEN_NAME.pattern}$")]

PROGRAM_EXAMPLE: Final[Example] = {
    "zone": "Asia/Shanghai",
    "currency": "cny",
    "languages": ["zh-CN", "en"],
    "points_per_unit": 1,
    "worth_points": 100,
    "validity_months": {"basic": 24, "silver": 36, "gold": 60},
    "channels": {"1h57kf5cpq17m0eml12EXAMPLE": "till"},
    "review": {"redemptions_per_hour": 10, "worth": {"amount": 200000, "currency": "cny"}},
    "activities": {
        "check_in": {"points": 10, "streaks": [{"days": 7, "points": 1000}]},
        "tasks": {
            "tea": {"points": 20, "per_day": 3, "sentence": {"zh": "品茶", "en": "Try a tea"}},
        },
        "referral": {"points": 500, "minimum": {"amount": 0, "currency": "cny"}, "per_month": 3},
    },
}

ACTIVITY_POINTS_MAX: Final = 1_000_000
"""What nobody has paid for stays far below what purchases earn."""
STREAKS_MAX: Final = 5
"""As many steps as a member still keeps in mind."""
STREAK_DAYS_MIN: Final = 2
"""A streak of one day is a check-in, which has points of its own."""
STREAK_DAYS_MAX: Final = 366
TASKS_MAX: Final = 50
PER_DAY_MAX: Final = 100
PER_MONTH_MAX: Final = 1_000
"""More than anybody does or brings by hand: beyond them a cap would hold nobody back."""

Points = Annotated[int, Field(ge=0, le=ACTIVITY_POINTS_MAX)]
Reward = Annotated[int, Field(ge=1, le=ACTIVITY_POINTS_MAX)]
"""What is done for nothing need not be listed."""
TaskName = Annotated[str, Field(pattern=f"^{GIVEN_NAME.pattern}$")]


class StreakBody(Body):
    """Points for each time that somebody has checked in on so many days in a row."""

    days: int = Field(ge=STREAK_DAYS_MIN, le=STREAK_DAYS_MAX)
    points: Reward


def different_lengths(streaks: list[StreakBody]) -> list[StreakBody]:
    """Refuse two bonuses for streaks of one length: together they would be one."""
    if len({streak.days for streak in streaks}) != len(streaks):
        raise Wrong("a number of days is named twice", zh="天数重复")
    return streaks


class CheckInBody(Body):
    """What checking in gives, once a day of the program's zone."""

    points: Points
    streaks: Annotated[
        list[StreakBody], Field(max_length=STREAKS_MAX), AfterValidator(different_lengths)
    ]


class TaskSentence(Body):
    """What members read of a task, in both languages."""

    zh: SomeText
    en: SomeText


class TaskBody(Body):
    """What doing something gives, so many times a day; a sentence that is left out stays."""

    points: Reward
    per_day: int = Field(ge=1, le=PER_DAY_MAX)
    sentence: TaskSentence | None = Field(default=None, exclude_if=lambda own: own is None)

    @classmethod
    def of(cls, task: Task) -> TaskBody:
        """Return a task as an answer."""
        own = task.sentence
        told = TaskSentence(zh=own.zh, en=own.en) if own else None
        return cls(points=task.points, per_day=task.per_day, sentence=told)

    def task(self) -> Task:
        """Return a task as the program's word."""
        own = self.sentence
        return Task(self.points, self.per_day, Sentence(own.zh, own.en) if own else None)


class ReferralBody(Body):
    """What a new member's purchase of at least `minimum` brings to whoever referred them.

    At most so many new members are paid for in a calendar month; with 0 nobody is.
    """

    points: Points
    minimum: MoneyIn
    per_month: int = Field(ge=0, le=PER_MONTH_MAX)


class ActivitiesBody(Body):
    """What members can do for points besides buying, sent and told alike."""

    check_in: CheckInBody
    tasks: dict[TaskName, TaskBody] = Field(max_length=TASKS_MAX)
    referral: ReferralBody

    @classmethod
    def of(cls, activities: Activities, currency: str) -> ActivitiesBody:
        """Return the settings as an answer."""
        check_in, referral = activities.check_in, activities.referral
        streaks = [StreakBody(days=s.days, points=s.points) for s in check_in.streaks]
        return cls(
            check_in=CheckInBody(points=check_in.points, streaks=streaks),
            tasks={name: TaskBody.of(task) for name, task in activities.tasks.items()},
            referral=ReferralBody(
                points=referral.points,
                minimum=MoneyIn(amount=referral.minimum, currency=currency),
                per_month=referral.per_month,
            ),
        )

    def activities(self) -> Activities:
        """Return the settings as the program's word."""
        streaks = tuple(StreakBonus(s.days, s.points) for s in self.check_in.streaks)
        referral = self.referral
        return Activities(
            CheckIn(self.check_in.points, streaks),
            {name: body.task() for name, body in self.tasks.items()},
            Referral(referral.points, referral.minimum.amount, referral.per_month),
        )


class Validity(Body):
    """For how many months points are good, by standing."""

    basic: Months
    silver: Months
    gold: Months


class ReviewBody(Body):
    """Orders that are looked at before they settle; null looks at none for that reason.

    Those beyond so many redemptions of a member in a rolling hour; those worth more than an amount,
    points at finance value and cash together.
    """

    redemptions_per_hour: int | None = Field(default=None, ge=1, le=PER_HOUR_MAX)
    worth: MoneyIn | None = None

    @classmethod
    def of(cls, policy: ReviewPolicy, currency: str) -> ReviewBody:
        """Return the thresholds as an answer."""
        worth = None if policy.worth is None else MoneyIn(amount=policy.worth, currency=currency)
        return cls(redemptions_per_hour=policy.redemptions_per_hour, worth=worth)

    def policy(self) -> ReviewPolicy:
        """Return the thresholds as the program's word."""
        return ReviewPolicy(self.redemptions_per_hour, self.worth.amount if self.worth else None)


class ProgramBody(Body):
    """The program's settings, sent and told alike.

    Members who named no language are written to in the first of `languages`. Where `review` or
    `activities` are left out they stay as they are; with `"review": null` no order is looked at.
    Before anybody wrote anything `activities` are 10 points for a check-in and 1,000 for each 7
    days in a row; 20 for sharing, 3 times a day, and 50 for a review; 500 for a referral, 3 a
    month.
    """

    zone: Annotated[str, Field(max_length=ZONE_CHARS_MAX), AfterValidator(known_zone)]
    currency: Annotated[Currency, AfterValidator(known_currency)]
    languages: Annotated[
        list[Language], Field(min_length=1, max_length=2), AfterValidator(different)
    ]
    points_per_unit: int = Field(ge=0, le=POINTS_PER_UNIT_MAX)
    worth_points: int = Field(ge=1, le=WORTH_POINTS_MAX)
    validity_months: Validity
    channels: dict[ClientId, ChannelName] = Field(max_length=CHANNELS_MAX)
    review: ReviewBody | None = None
    activities: ActivitiesBody | None = None

    @model_validator(mode="after")
    def worth_in_the_currency_of_the_program(self) -> Self:
        """Refuse a worth, or a least purchase, in another currency."""
        worth = self.review.worth if self.review else None
        if worth is not None and worth.currency != self.currency:
            raise _foreign("/review/worth/currency")
        minimum = self.activities.referral.minimum if self.activities else None
        if minimum is not None and minimum.amount and minimum.currency != self.currency:
            raise _foreign("/activities/referral/minimum/currency")
        return self

    @classmethod
    def of(cls, program: Program) -> ProgramBody:
        """Return the settings as an answer."""
        return cls(
            zone=program.zone,
            currency=program.currency,
            languages=list(program.languages),
            points_per_unit=program.points_per_unit,
            worth_points=program.worth_points,
            validity_months=Validity(**program.validity_months),
            channels=dict(program.channels),
            review=ReviewBody.of(program.review, program.currency) if program.review else None,
            activities=ActivitiesBody.of(program.activities, program.currency),
        )

    def program(self, version: int) -> Program:
        """Return the settings as the program's word, changed from a version."""
        return Program(
            version=version,
            zone=self.zone,
            currency=self.currency,
            languages=tuple(self.languages),
            points_per_unit=self.points_per_unit,
            worth_points=self.worth_points,
            validity_months=self.validity_months.model_dump(),
            channels=dict(self.channels),
            review=self.review.policy() if self.review else None,
            activities=self.activities.activities() if self.activities else Activities(),
        )

    def left_out(self) -> frozenset[str]:
        """Return the settings that are not told, and stay as they are."""
        told = self.model_fields_set - ({"activities"} if self.activities is None else set())
        return OPTIONAL - told
