"""The console as a command: what it cannot look at it says in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.local.engines import ROOT
from tests.stack.process import StackProcess


def console(*arguments: str) -> tuple[int, str]:
    """Run the console as in a shell without settings; return its code and what it complained."""
    ran = subprocess.run(
        [sys.executable, "-m", "infra.console", *arguments],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stderr


def test_without_settings_the_console_says_what_is_missing() -> None:
    code, said = console("verify")
    assert (code, said.count("\n")) == (1, 1), said
    assert "JIFEN_TABLE is missing" in said


def test_without_a_running_stack_the_console_says_so(tmp_path: Path) -> None:
    told = f"No stack runs on {tmp_path}; start it with `make run`.\n"
    assert console("--state", str(tmp_path), "verify") == (1, told)


def test_somebody_unknown_is_said_in_one_sentence(stack: StackProcess) -> None:
    asked = ("--state", str(stack.home), "verify", "mem_00000000000")
    assert console(*asked) == (1, "There is no member mem_00000000000.\n")
