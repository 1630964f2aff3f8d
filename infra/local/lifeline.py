"""The pipe that tells a process of the stack that its supervisor is gone.

Nobody ever writes into it; it closes when the supervisor ends, however that happened. Then the
process is asked to end as the supervisor would have asked it, and nobody is left to end it by force
where it does not: it may be trying in vain to reach an engine that went with the supervisor. So it
does that itself.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from infra.local.supervisor import STOP_SECONDS


def end_with(lifeline: int, *, patience: float = STOP_SECONDS) -> None:
    """End this process once the other end of the pipe is closed: asked first, then by force."""
    threading.Thread(target=_end, args=(lifeline, patience), daemon=True).start()


def _end(lifeline: int, patience: float) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience)
    os.kill(os.getpid(), signal.SIGKILL)
