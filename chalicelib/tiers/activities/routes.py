"""Members check in, and do tasks, for points."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from chalicelib.kernel.errors import Contended, Language, LimitReached, NotEnrolled, NotFound
from chalicelib.ledger.members import service as members
from chalicelib.storage.receipts import Request
from chalicelib.tiers.activities import service
from chalicelib.tiers.activities.model import NextBonus, Open
from chalicelib.tiers.activities.rules import AlreadyCheckedIn, EvidenceUsed, as_meant
from chalicelib.tiers.earning.views import ExplanationView, explained
from chalicelib.web.bodies import PRINTABLE, Body, View, Wrong
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Example, Routes

EVIDENCE_CHARS_MAX: Final = 500
"""A link with all its parameters, or a few sentences."""

routes = Routes(__name__)

CHECKED_IN_EXAMPLE: Final[Example] = {
    "points": 10,
    "explanation": [{"rule": "check_in", "text": "Checked in: 10 points.", "points": 10}],
    "debt_paid": 0,
    "expires_on": "2028-11-30",
    "streak": {"days": 3, "next_bonus": {"days_left": 4, "points": 1000}},
}
DONE_EXAMPLE: Final[Example] = {
    "points": 20,
    "explanation": [
        {"rule": "task", "text": "Share one of our products or events: 20 points.", "points": 20}
    ],
    "debt_paid": 0,
    "expires_on": "2028-11-30",
}


def something(evidence: str) -> str:
    """Return evidence as it was meant; blanks alone are none."""
    meant = as_meant(evidence)
    if not meant:
        raise Wrong("nothing but blanks", zh="不能只有空白")
    return meant


Evidence = Annotated[
    str,
    StringConstraints(min_length=1, max_length=EVIDENCE_CHARS_MAX, pattern=PRINTABLE),
    AfterValidator(something),
]
"""A text or a link; the same one written otherwise is the same request."""


class NextBonusView(View):
    """What a streak comes to next: points, after so many more days in a row."""

    days_left: int
    points: int

    @classmethod
    def of(cls, bonus: NextBonus | None) -> NextBonusView | None:
        """Return it as an answer; null where no streak pays."""
        return None if bonus is None else cls(days_left=bonus.days_left, points=bonus.points)


class StreakView(View):
    """Days in a row on which somebody checked in."""

    days: int
    next_bonus: NextBonusView | None


class DoneView(View):
    """What a task brought, why, how much of it paid a debt, the last day of the rest."""

    points: int
    explanation: list[ExplanationView]
    debt_paid: int
    expires_on: date


class CheckedInView(DoneView):
    """What a check-in brought, why, how much of it paid a debt, the last day of the rest."""

    streak: StreakView


class ProgressView(View):
    """Where a streak stands today; `days` are 0 where a day was missed."""

    days: int
    longest: int
    checked_in_today: bool
    next_bonus: NextBonusView | None
    resets_at: datetime


class EvidenceDraft(Body):
    """What shows that a task was done. It is kept as a digest only, and counts once for ever."""

    evidence: Evidence


class TaskView(View):
    """A task in a sentence: what it gives, how often a day, and how often it was done today."""

    task: str
    text: str
    points: int
    per_day: int
    done_today: int

    @classmethod
    def of(cls, task: Open, language: Language) -> TaskView:
        """Return a task as an answer in one language."""
        return cls(
            task=task.task,
            text=task.sentence.told(language),
            points=task.points,
            per_day=task.per_day,
            done_today=task.done_today,
        )


class TasksView(View):
    """All tasks that there are today, and when today is over."""

    items: list[TaskView]
    resets_at: datetime


@routes.post(
    "/me/check-ins",
    roles=("member",),
    key=True,
    answer=CheckedInView,
    status=201,
    summary="Check in, once a day",
    refusals=(NotEnrolled, AlreadyCheckedIn, Contended),
    answer_example=CHECKED_IN_EXAMPLE,
)
def check_in(call: Call[None]) -> Answer:
    """Check the caller in."""
    told = service.check_in(call.work, _request(call))
    view = CheckedInView(
        points=told.points,
        explanation=explained(told.lines, call.language),
        debt_paid=told.debt_paid,
        expires_on=told.expires_on,
        streak=StreakView(days=told.days, next_bonus=NextBonusView.of(told.next_bonus)),
    )
    return Answer(view, replayed=told.replayed)


@routes.get(
    "/me/check-ins",
    roles=("member",),
    answer=ProgressView,
    summary="My streak of days on which I checked in, and what it comes to next",
    refusals=(NotEnrolled,),
    answer_example={
        "days": 3,
        "longest": 12,
        "checked_in_today": True,
        "next_bonus": {"days_left": 4, "points": 1000},
        "resets_at": "2026-11-21T16:00:00Z",
    },
)
def show_streak(call: Call[None]) -> ProgressView:
    """Show the caller's streak."""
    streak = service.streak_of(call.work, members.member_of(call.identity.subject))
    return ProgressView(
        days=streak.days,
        longest=streak.longest,
        checked_in_today=streak.checked_in_today,
        next_bonus=NextBonusView.of(streak.next_bonus),
        resets_at=streak.resets_at,
    )


@routes.get(
    "/me/tasks",
    roles=("member",),
    answer=TasksView,
    summary="The tasks that I can do for points",
    refusals=(NotEnrolled,),
    answer_example={
        "items": [
            {
                "task": "tea",
                "text": "Try a tea",
                "points": 20,
                "per_day": 3,
                "done_today": 0,
            }
        ],
        "resets_at": "2026-11-21T16:00:00Z",
    },
)
def list_tasks(call: Call[None]) -> TasksView:
    """List the tasks."""
    found = service.tasks_of(call.work, members.member_of(call.identity.subject))
    items = [TaskView.of(task, call.language) for task in found.tasks]
    return TasksView(items=items, resets_at=found.resets_at)


@routes.post(
    "/me/tasks/{task}",
    roles=("member",),
    key=True,
    body=EvidenceDraft,
    answer=DoneView,
    status=201,
    summary="Show that I did a task",
    refusals=(NotEnrolled, NotFound, EvidenceUsed, LimitReached, Contended),
    example={"evidence": "https://example.test/posts/1"},
    answer_example=DONE_EXAMPLE,
    path_example={"task": "share"},
)
def do_task(call: Call[EvidenceDraft]) -> Answer:
    """Give the caller the points of a task."""
    told = service.do_task(
        call.work, _request(call), name=call.path["task"], evidence=call.body.evidence
    )
    view = DoneView(
        points=told.points,
        explanation=explained(told.lines, call.language),
        debt_paid=told.debt_paid,
        expires_on=told.expires_on,
    )
    return Answer(view, replayed=told.replayed)


def _request(call: Call[None] | Call[EvidenceDraft]) -> Request:
    member_id = members.member_of(call.identity.subject)
    return Request(member_id, call.route, call.key, call.fingerprint)
