"""The README's transcript is what a stack really says; ids, instants and hashes may differ."""

from __future__ import annotations

import re
import subprocess
from typing import Final

from infra.local.engines import ROOT
from tests.stack.process import StackProcess

BLOCK: Final = re.compile(r"```console\n(.*?)```", re.DOTALL)
DIFFERS: Final = (
    (re.compile(r"\b(mem|ord|rwd)_[0-9A-Za-z]+"), r"\1_…"),
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z"), "…Z"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "…-…-…"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "…"),
    (re.compile(r'"client_secret":"[^"]+"'), '"client_secret":…'),
    (re.compile(r'"next_cursor":"[^"]+"'), '"next_cursor":…'),
    (re.compile(r'"program_version":\d+'), '"program_version":…'),
)


def written() -> str:
    """Return the transcript as the README has it."""
    found = BLOCK.search((ROOT / "README.md").read_text())
    assert found is not None
    return found[1]


def said(api: str, transcript: str) -> str:
    """Return the transcript's commands with what they print now."""
    commands = [line[2:] for line in transcript.splitlines() if line.startswith("$ ")]
    script = "\n".join(f"cat <<'COMMAND'\n$ {line}\nCOMMAND\n{line}" for line in commands)
    ran = subprocess.run(
        ["bash", "-c", script],
        env={"API": api, "PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def plain(text: str) -> str:
    for pattern, instead in DIFFERS:
        text = pattern.sub(instead, text)
    return text


def test_the_transcript_in_the_readme_is_true(stack: StackProcess) -> None:
    api = stack.client().api.removesuffix("/v1")
    transcript = written()
    assert plain(said(api, transcript)) == plain(transcript)
