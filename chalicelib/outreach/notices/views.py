"""How a member wishes to be told, as an answer."""

from __future__ import annotations

from typing import Final

from pydantic import ConfigDict, Field

from chalicelib.kernel.errors import Language
from chalicelib.outreach.notices.model import Quiet, Wishes
from chalicelib.outreach.notices.rules import text_of
from chalicelib.web.bodies import View
from chalicelib.web.routes import Example

WISHES_EXAMPLE: Final[Example] = {
    "mail": True,
    "sms": False,
    "push": False,
    "reminders": True,
    "quiet": {"from": "22:00", "until": "08:00"},
    "language": "zh-CN",
}


class QuietView(View):
    """The hours in which no SMS and no push is sent."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    opens: str = Field(alias="from")
    until: str

    @classmethod
    def of(cls, quiet: Quiet) -> QuietView:
        """Return the hours as an answer."""
        return cls(opens=text_of(quiet.starts), until=text_of(quiet.ends))


class WishesView(View):
    """By which ways a member is told, whether of points that end too, and when not to be disturbed.

    In `language` everything is written that is sent to them. What concerns the account itself, such
    as that it was frozen, is told by mail in any case.
    """

    mail: bool
    sms: bool
    push: bool
    reminders: bool
    quiet: QuietView | None
    language: Language

    @classmethod
    def of(cls, wishes: Wishes) -> WishesView:
        """Return wishes as an answer."""
        told = wishes.preferences
        return cls(
            mail=told.mail,
            sms=told.sms,
            push=told.push,
            reminders=told.reminders,
            quiet=QuietView.of(told.quiet) if told.quiet else None,
            language=wishes.language,
        )
