"""The explorer: every interleaving of some requests, by depth-first search over who goes next.

Two schedules after which the table, and what every actor was told, are the same have the same
futures: the second one is not followed, and the number of interleavings behind the first is counted
once more. So `count` is how many interleavings there are, `states` how many worlds it took to judge
them all.

A *preemption* lets somebody else go on although the last one could. With `preemptions_max` only
interleavings with that many are explored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from tests.interleavings.scheduler import NAMES, Scheduler, World

State = tuple[object, ...]


class Wrong(AssertionError):
    """What is wrong, and the schedule that leads there."""

    def __init__(self, before: World, who: str, fault: AssertionError) -> None:
        """Tell the steps before the last one, and who took that."""
        self.schedule = before.schedule + who
        steps = "\n".join(f"  {line}" for line in before.trace)
        super().__init__(
            f"{fault}\nJIFEN_SCHEDULE={self.schedule} plays it again:\n{steps}\n  {who} …"
        )


@dataclass
class Place:
    """A place on the path of the search, and where it can still go."""

    world: World
    spent: int
    state: State
    untried: list[int]
    count: int = 0


@dataclass
class Explorer:
    """Explores what can become of some requests.

    `look` is shown every world once, `judge` every world in which all are done; either raises
    `AssertionError`, which is told with the schedule that led there. `state_of` tells worlds apart:
    those with equal states must have equal futures, and be judged alike.
    """

    scheduler: Scheduler
    look: Callable[[World], None]
    judge: Callable[[World], None]
    preemptions_max: int | None = None
    state_of: Callable[[World], State] = attrgetter("state")
    count: int = 0
    states: int = 0
    _known: dict[State, int] = field(default_factory=dict)

    def play(self, schedule: str) -> World:
        """Play one schedule under the same eyes, to its end."""
        world = self.scheduler.start
        while ready := world.ready():
            rest = schedule[len(world.schedule) :]
            last = NAMES.find(world.schedule[-1:] or NAMES[0])
            who = NAMES.index(rest[0]) if rest else last if last in ready else ready[0]
            assert who in ready, f"{NAMES[who]} has to wait after {world.schedule}"
            try:
                after = self.scheduler.step(world, who)
                self._see(self._place(after, spent=0))
            except AssertionError as fault:
                raise Wrong(world, NAMES[who], fault) from fault
            world = after
        return world

    def explore(self) -> None:
        """Explore everything."""
        path = [self._place(self.scheduler.start, spent=0)]
        while True:
            place = path[-1]
            if place.untried:
                self._go_on(path, place.untried.pop(0))
                continue
            self._known[place.state] = place.count
            path.pop()
            if not path:
                break
            path[-1].count += place.count
        self.count, self.states = place.count, len(self._known)

    def _go_on(self, path: list[Place], who: int) -> None:
        """Take a step; stay where it leads unless that is known."""
        place = path[-1]
        spent = place.spent + self._preempts(place.world, who)
        try:
            there = self._place(self.scheduler.step(place.world, who), spent=spent)
            if there.state in self._known:
                place.count += self._known[there.state]
                return
            self._see(there)
        except AssertionError as fault:
            raise Wrong(place.world, NAMES[who], fault) from fault
        path.append(there)

    def _see(self, place: Place) -> None:
        self.look(place.world)
        if not place.world.ready():
            assert place.world.is_over, "nobody can go on"
            self.judge(place.world)
            place.count = 1

    def _place(self, world: World, *, spent: int) -> Place:
        ready = world.ready()
        if self.preemptions_max is None:
            return Place(world, 0, self.state_of(world), ready)
        last = NAMES.find(world.schedule[-1]) if world.schedule else -1
        if spent >= self.preemptions_max and last in ready:
            ready = [last]
        return Place(world, spent, (*self.state_of(world), last, spent), ready)

    def _preempts(self, world: World, who: int) -> int:
        """Return 1 where a step keeps somebody waiting who took the last one and could go on."""
        last = NAMES.find(world.schedule[-1]) if world.schedule else who
        return int(last != who and last in world.ready())
