"""Ctrl-C and SIGTERM as one exception in the main thread, at moments when it leaks nothing.

A process that is started between two statements could be lost if a signal came in between. So
whoever starts something holds signals back until it stands in the list of things to stop. After
the first signal the others are ignored: stopping is not interrupted.

A terminal that closes tells everybody at once. What is started here inherits deaf ears for that, so
that the engine lives long enough to be told to save its data.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class StopAsked(BaseException):
    """Somebody asked the stack to stop."""


class Signals:
    """Turns the signals that ask for an end into `StopAsked`."""

    def __init__(self) -> None:
        self._is_held = False
        self._is_asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)
        # Whoever started this under nohup wants it to outlive the terminal.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._receive)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a signal that comes meanwhile until the end of the block."""
        self._is_held = True
        hang_up = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, hang_up)
            self._is_held = False
        if self._is_asked:
            raise StopAsked

    def _receive(self, *_: object) -> None:
        if self._is_asked:
            return
        self._is_asked = True
        if not self._is_held:
            raise StopAsked
