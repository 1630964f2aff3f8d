"""How a call to Stripe fails, told apart by what may have happened.

::

    PaymentsError
    ├── Declined     the payer's bank said no; nothing was paid
    ├── Unclear      it may have been done or not: look it up before a new attempt
    ├── Down         nothing was done; come back
    └── Rejected     Stripe understood and refused: a bug or a wrong setting of ours

None of them quotes an answer, which may hold what a browser pays with.
"""

from __future__ import annotations


class PaymentsError(Exception):
    """A call to Stripe failed; `request_id` is what Stripe's support asks for."""

    def __init__(self, reason: str, *, request_id: str = "") -> None:
        super().__init__(f"{reason} {request_id}".strip())
        self.reason = reason
        self.request_id = request_id


class Declined(PaymentsError):
    """The payer's bank said no; `reason` is its word."""


class Unclear(PaymentsError):
    """Whether it was done is not known.

    `is_kept`: Stripe answers this key with this failure for a day, so the same call cannot clear it
    up; the object has to be looked for.
    """

    def __init__(self, reason: str, *, request_id: str = "", is_kept: bool = False) -> None:
        super().__init__(reason, request_id=request_id)
        self.is_kept = is_kept


class Down(PaymentsError):
    """Nothing was done: no connection, too many calls at once, or a look-up that failed."""


class Rejected(PaymentsError):
    """Stripe refused what we asked; `reason` is its code, `param` what it points at."""

    def __init__(self, reason: str, *, request_id: str = "", param: str = "") -> None:
        super().__init__(reason, request_id=request_id)
        self.param = param
