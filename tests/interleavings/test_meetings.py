"""Every interleaving of every two requests that share something, and of some threes.

JIFEN_INTERLEAVINGS=all   every three of each group, and batches read in both orders: hours
JIFEN_SCHEDULE=AABAB      one schedule, for one meeting that `T=` names; `pytest -rP` tells it
"""

from __future__ import annotations

import os
import sys
from typing import Final

import pytest

from tests.interleavings.actors import Stage
from tests.interleavings.explorer import Explorer
from tests.interleavings.meetings import meetings
from tests.interleavings.verdicts import Judge

IS_ALL: Final = os.environ.get("JIFEN_INTERLEAVINGS") == "all"
SCHEDULE: Final = os.environ.get("JIFEN_SCHEDULE")
MEETINGS: Final = meetings(every_three=IS_ALL)


@pytest.mark.parametrize("order", ["forwards", "backwards"] if IS_ALL else ["forwards"])
@pytest.mark.parametrize("name", MEETINGS)
def test_however_they_meet_it_ends_as_one_after_the_other(
    stage: Stage, name: str, order: str
) -> None:
    meeting = MEETINGS[name]
    stage.reads_backwards = order == "backwards"
    scheduler = meeting.prepared(stage)
    judge = Judge(scheduler, are_twins=meeting.are_twins, is_ordered=meeting.is_ordered)
    judge.learn()
    bound = meeting.preemptions_max
    explorer = Explorer(scheduler, judge.look, judge.judge, preemptions_max=bound)
    if SCHEDULE:
        sys.stdout.write("\n".join(explorer.play(SCHEDULE).trace) + "\n")
        return
    explorer.explore()
    assert explorer.count > 1
    told = "all" if bound is None else f"at most {bound} preemptions"
    sys.stdout.write(f"{name} | {explorer.count:,} ({told}) | {explorer.states} states\n")
