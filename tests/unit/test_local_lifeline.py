"""A process of the stack ends with its supervisor: asked first, and by force where it does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from infra.local.engines import ROOT

PROGRAM = """
import signal, sys, time
from infra.local.lifeline import end_with
{hearing}
end_with(int(sys.argv[1]), patience=0.1)
print("here", flush=True)
time.sleep(600)
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
POLITE = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"


@pytest.mark.parametrize(("hearing", "code"), [(POLITE, 7), (DEAF, -signal.SIGKILL)])
def test_a_process_ends_with_its_supervisor(hearing: str, code: int) -> None:
    lifeline, kept_open = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(hearing=hearing), str(lifeline)],
        cwd=ROOT,
        pass_fds=[lifeline],
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        os.close(kept_open)
        assert process.wait(30) == code
    os.close(lifeline)
