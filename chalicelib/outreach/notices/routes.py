"""How a member wishes to be told, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from chalicelib.kernel.errors import Contended, Language, NotEnrolled
from chalicelib.ledger.members import service as members
from chalicelib.outreach.notices import service
from chalicelib.outreach.notices.model import Quiet, Wishes
from chalicelib.outreach.notices.rules import hour_of
from chalicelib.outreach.notices.views import WISHES_EXAMPLE, WishesView
from chalicelib.web.bodies import Body, Wrong
from chalicelib.web.calls import Call
from chalicelib.web.routes import Routes

Hour = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
"""A time of the day in the program's zone."""

routes = Routes(__name__)


class QuietBody(Body):
    """The hours in which no SMS and no push is sent; over midnight where `until` is earlier."""

    opens: Hour = Field(alias="from")
    until: Hour

    @model_validator(mode="after")
    def some_hours(self) -> Self:
        """Refuse hours that end when they begin: nobody knows which day was meant."""
        if self.opens == self.until:
            zh = "until 与 from 相同；如不需要免打扰时段，请填 null"
            raise Wrong("until is from: give null for no quiet hours", zh=zh)
        return self


class WishesDraft(Body):
    """What a member wishes to change; what is left out stays as it is."""

    mail: bool | None = None
    sms: bool | None = None
    push: bool | None = None
    reminders: bool | None = None
    quiet: QuietBody | None = None
    language: Language | None = None

    def applied(self, before: Wishes) -> Wishes:
        """Return the wishes after the change."""
        wanted = self.model_dump(include={"mail", "sms", "push", "reminders"}, exclude_none=True)
        quiet = before.preferences.quiet
        if "quiet" in self.model_fields_set:
            hours = self.quiet
            quiet = Quiet(hour_of(hours.opens), hour_of(hours.until)) if hours else None
        after = replace(before.preferences, quiet=quiet, **wanted)
        if self.language is None:
            return replace(before, preferences=after)
        return Wishes(after, self.language)


@routes.get(
    "/me/notices",
    roles=("member",),
    answer=WishesView,
    summary="How I wish to be told",
    refusals=(NotEnrolled,),
    answer_example=WISHES_EXAMPLE,
)
def show_mine(call: Call[None]) -> WishesView:
    """Show the caller's wishes."""
    return WishesView.of(service.wishes(call.work, _member(call)))


@routes.put(
    "/me/notices",
    roles=("member",),
    body=WishesDraft,
    answer=WishesView,
    summary="Change how I wish to be told; what is left out stays as it is",
    refusals=(NotEnrolled, Contended),
    example=WISHES_EXAMPLE,
    answer_example=WISHES_EXAMPLE,
)
def change_mine(call: Call[WishesDraft]) -> WishesView:
    """Change the caller's wishes."""
    return WishesView.of(service.prefer(call.work, _member(call), change=call.body.applied))


def _member(call: Call[None] | Call[WishesDraft]) -> str:
    return members.member_of(call.identity.subject)
