"""How a member wishes to be told, as an answer."""

from __future__ import annotations

from typing import Final

from pydantic import ConfigDict, Field

from chalicelib.outreach.notices.model import Preferences, Quiet
from chalicelib.outreach.notices.rules import text_of
from chalicelib.web.bodies import View
from chalicelib.web.routes import Example

WISHES_EXAMPLE: Final[Example] = {
    "mail": True,
    "sms": False,
    "push": False,
    "reminders": True,
    "quiet": {"from": "22:00", "until": "08:00"},
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

    What concerns the account itself, such as that it was frozen, is told by mail in any case.
    """

    mail: bool
    sms: bool
    push: bool
    reminders: bool
    quiet: QuietView | None

    @classmethod
    def of(cls, wishes: Preferences) -> WishesView:
        """Return preferences as an answer."""
        return cls(
            mail=wishes.mail,
            sms=wishes.sms,
            push=wishes.push,
            reminders=wishes.reminders,
            quiet=QuietView.of(wishes.quiet) if wishes.quiet else None,
        )
