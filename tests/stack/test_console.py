"""The console as a command: it works on a running stack, and says in one sentence why it cannot."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from chalicelib.kernel.clock import day_of, end_of_month_after
from infra.local.engines import ROOT
from tests.stack.client import Client
from tests.stack.process import StackProcess


def console(*arguments: str) -> tuple[int, str]:
    """Run the console as in a shell without settings; return its code and what it complained."""
    ran = run(*arguments)
    return ran.returncode, ran.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the console as in a shell without settings."""
    return subprocess.run(
        [sys.executable, "-m", "infra.console", *arguments],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )


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


def test_an_adjustment_goes_by_the_stacks_own_clock(stack: StackProcess, client: Client) -> None:
    lin = client.member("adjusted")
    moved = datetime.fromisoformat(client.ask("/clock", {"advance": "P1M"}).json()["now"])
    asked = ("--state", str(stack.home), "adjust", lin.member_id)
    ran = run(*asked, "250", "--reason", "A tray fell on her coat.", "--key", "coat")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = f"{lin.member_id}: 250 points available, 0 held, 0 owed; journal version 2\n"
    assert ran.stdout == told
    (lot,) = lin.get("/me/wallet").json()["lots"]
    expected = end_of_month_after(day_of(moved, "Asia/Shanghai"), 24).isoformat()
    assert (lot["expires_on"], lot["points"]) == (expected, 250)
    again = run(*asked, "250", "--reason", "A tray fell on her coat.", "--key", "coat")
    assert again.stdout.endswith(told)
    refused = f"An adjustment is of 1 to {10**12} points, more or less.\n"
    assert console(*asked, "0", "--reason", "Nothing.") == (1, refused)
