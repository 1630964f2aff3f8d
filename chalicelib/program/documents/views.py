"""What members can do for points besides buying, as operators write it and as they read it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.program.documents.model import (
    Activities,
    CheckIn,
    Referral,
    StreakBonus,
    Task,
)
from chalicelib.web.bodies import Body, MoneyIn, Wrong

ACTIVITY_POINTS_MAX: Final = 1_000_000
"""What nobody has paid for stays far below what purchases earn."""
STREAKS_MAX: Final = 5
"""As many steps as a member still keeps in mind."""
STREAK_DAYS_MIN: Final = 2
"""A streak of one day is a check-in, which has points of its own."""
STREAK_DAYS_MAX: Final = 366
TASKS_MAX: Final = 50
"""They make some 6 KB of the document, which stays far below DynamoDB's 400 KB."""
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


class TaskBody(Body):
    """What doing something gives, at most so many times a day."""

    points: Reward
    per_day: int = Field(ge=1, le=PER_DAY_MAX)


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
            tasks={
                name: TaskBody(points=task.points, per_day=task.per_day)
                for name, task in activities.tasks.items()
            },
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
            {name: Task(task.points, task.per_day) for name, task in self.tasks.items()},
            Referral(referral.points, referral.minimum.amount, referral.per_month),
        )
