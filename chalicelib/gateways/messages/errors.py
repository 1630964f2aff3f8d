"""How sending fails, told apart by what is to be done.

::

    MessagesError
    ├── Down         not sent, or not known to be: send it again later
    └── Rejected     whoever carries it will never carry this one

Neither quotes an answer, which may name whom the message was for.
"""

from __future__ import annotations


class MessagesError(Exception):
    """A message was not sent; `reason` is the word of whoever was to carry it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Down(MessagesError):
    """It may be sent later."""


class Rejected(MessagesError):
    """The address or the message is refused for good."""
