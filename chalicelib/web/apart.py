"""Doing something for one of many, so that one that fails holds up nobody else.

It stands by itself because services that run through many things need it too, and they know nothing
of Chalice. What failed is told in the log; whoever runs through them says what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chalicelib.web.logs import tell_failed

T = TypeVar("T")


def did(name: T, act: Callable[[T], object]) -> bool:
    """Do something for one thing, and tell whether it was done; the log tells why not."""
    try:
        act(name)
    except Exception as error:  # noqa: BLE001 - the edge: the others go on
        tell_failed(str(name), error)
        return False
    return True
