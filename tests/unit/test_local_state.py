"""What a stack keeps is its owner's alone, also in a folder that was there before."""

from __future__ import annotations

import stat
from pathlib import Path

from infra.local.state import state_at


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_is_made_is_closed_to_others(tmp_path: Path) -> None:
    assert mode(state_at(tmp_path / "a" / "made").home) == 0o700


def test_somebody_elses_folder_stays_as_open_as_it_was(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(0o755)
    assert mode(state_at(there).home) == 0o755
    assert mode(state_at(there, is_ours=True).home) == 0o700
