"""A process of the stack ends when it is asked, and with its supervisor; by force if need be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

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

SWALLOWING = """
import os, signal
class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
Last()
"""
"""A module in whose import a signal comes up where Python ignores what is raised."""


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


def test_a_worker_that_still_starts_ends_when_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "swallowing.py").write_text(SWALLOWING)
    lifeline, kept_open = os.pipe()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "infra.local.worker", "--app", "swallowing:app"),
            *("--socket", "0", "--lifeline", str(lifeline), "--state", str(tmp_path)),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        pass_fds=[lifeline],
    ) as process:
        assert process.wait(30) == -signal.SIGTERM
    os.close(kept_open)
    os.close(lifeline)
