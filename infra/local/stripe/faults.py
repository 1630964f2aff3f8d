"""What can go wrong between Jifen and Stripe, ordered by a test for the next calls.

A fault is used up by one call that it fits. `HANG` and `RESET_AFTER` happen when everything is
done and kept: the caller cannot know. `ERROR_KEPT` is Stripe's own failure while it worked: nothing
is made, and the 500 is told again under the same key. `ERROR` is one before anything began.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from infra.local.stripe.refused import API, Complaint, Refused

FAULTS_MAX: Final = 1000
HANG_SECONDS: Final = 30.0
"""Longer than any client of ours waits."""


class FaultKind(StrEnum):
    """What goes wrong."""

    HANG = "hang"
    SLOW = "slow"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    ERROR = "error"
    ERROR_KEPT = "error_kept"
    ERROR_AFTER = "error_after"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: for which method and beginning of a path, and how long it lasts."""

    kind: FaultKind
    method: str = ""
    path: str = ""
    seconds: float = HANG_SECONDS

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a call is one that this fault is for."""
        return self.method in {"", method} and path.startswith(self.path)


class Faults:
    """The faults still to come, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: deque[Fault] = deque(maxlen=FAULTS_MAX)

    def add(self, fault: Fault, *, times: int = 1) -> None:
        """Order a fault for the next calls that it fits."""
        with self._lock:
            self._coming.extend([fault] * times)

    def clear(self) -> None:
        """Take back what has not happened."""
        with self._lock:
            self._coming.clear()

    def left(self) -> list[Fault]:
        """Return what has not happened yet."""
        with self._lock:
            return list(self._coming)

    def take(self, method: str, path: str) -> Fault | None:
        """Use up the first fault that fits a call."""
        with self._lock:
            for fault in self._coming:
                if fault.fits(method, path):
                    self._coming.remove(fault)
                    return fault
        return None


def broken(*, is_begun: bool) -> Refused:
    """Return Stripe's own failure."""
    said = (
        "An unknown error occurred. Please contact support at https://support.stripe.com/ for"
        " assistance."
    )
    return Refused(Complaint(said, type=API, status=500), is_begun=is_begun)


def limited() -> Refused:
    """Return the refusal of too many calls at once."""
    said = (
        "Request rate limit exceeded. You can learn more about rate limits here"
        " https://stripe.com/docs/rate-limits."
    )
    return Refused(Complaint(said, code="rate_limit", status=429), is_begun=False)
