"""The tales that are told in every order: who acts, on which scene.

A few actors each: every order of their steps is told, and behind each step all of them may die.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.interleavings.actors import Send
from tests.interleavings.scheduler import Scheduler
from tests.saga.parts import Parts
from tests.saga.scene import Scene
from tests.saga.stripe import Fault
from tests.saga.verdicts import WHOLE, Verdict

Cast = Callable[[Scene], Mapping[str, Send]]
"""Returns who acts, by name."""


@dataclass(frozen=True, slots=True)
class Tale:
    """Who acts, and where; `may_fail` and `is_dishonest` are told to the judge."""

    name: str
    cast: Cast
    units: int = 1
    is_one_member: bool = False
    may_fail: bool = False
    is_dishonest: bool = False

    def begun(
        self, parts: Parts, *, whole: frozenset[str] = WHOLE
    ) -> tuple[Scheduler, Verdict, str]:
        """Return the actors at the start, their judge, and who is who in a schedule.

        `whole`: operations that take one step.
        """
        parts.stage.reset()
        scene = Scene(parts, units=self.units, is_one_member=self.is_one_member)
        cast = self.cast(scene)
        scheduler = Scheduler(parts.stage, list(cast.values()), whole=whole)
        verdict = Verdict(
            parts,
            scene.ids,
            may_fail=self.may_fail,
            is_dishonest=self.is_dishonest,
        )
        named = zip(scheduler.names, cast, strict=False)
        return scheduler, verdict, ", ".join(f"{letter} {who}" for letter, who in named)


def placing(scene: Scene) -> Mapping[str, Send]:
    """An order is placed twice by the same request, and paid as soon as it can be."""
    parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
    return {
        "places": parts.place(api, scene.mug, key="a"),
        "places again": parts.place(api, scene.mug, key="a"),
        "pays": parts.pays(order),
        "pays again": parts.pays(order),
    }


def placing_late(scene: Scene) -> Mapping[str, Send]:
    """The deadline comes while an order is being placed."""
    parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
    return {
        "places": parts.place(api, scene.mug, key="a"),
        "pays": parts.pays(order),
        "time": parts.passes(),
        "deadlines": parts.ends_overdue(),
    }


def heard_before_noted(scene: Scene) -> Mapping[str, Send]:
    """Stripe tells of a payment while its order is still being placed."""
    parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
    return {
        "places": parts.place(api, scene.mug, key="a"),
        "pays": parts.pays(order),
        "Stripe tells": parts.tells(order),
        "worker": parts.follows(order),
        "cancels": parts.cancel(api, order),
    }


def told_twice(scene: Scene) -> Mapping[str, Send]:
    """Stripe tells the same thing twice, and two workers have it at once, while a job looks."""
    parts, order = scene.parts, scene.ids["a"]
    scene.place("a")
    return {
        "pays": parts.pays(order),
        "Stripe tells": parts.tells(order),
        "Stripe tells again": parts.tells(order),
        "worker": parts.follows(order),
        "another worker": parts.follows(order),
    }


def deadline(scene: Scene) -> Mapping[str, Send]:
    """The deadline, the payment and a cancel meet."""
    parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
    scene.place("a")
    return {
        "pays": parts.pays(order),
        "time": parts.passes(),
        "deadlines": parts.ends_overdue(),
        "cancels": parts.cancel(api, order),
    }


def declined(scene: Scene) -> Mapping[str, Send]:
    """The same, and the first card is declined."""
    return {"is declined": scene.parts.declined(scene.ids["a"]), **deadline(scene)}


def deadline_told(scene: Scene) -> Mapping[str, Send]:
    """The deadline and Stripe's word meet."""
    parts, order = scene.parts, scene.ids["a"]
    scene.place("a")
    return {
        "pays": parts.pays(order),
        "time": parts.passes(),
        "deadlines": parts.ends_overdue(),
        "Stripe tells": parts.tells(order),
        "worker": parts.follows(order),
    }


def one_unit(scene: Scene) -> Mapping[str, Send]:
    """Two members want the one unit: one has it reserved, the other comes at the deadline."""
    parts, order = scene.parts, scene.ids["a"]
    scene.place("a")
    return {
        "pays": parts.pays(order),
        "time": parts.passes(),
        "deadlines": parts.ends_overdue(),
        "another places": parts.place(scene.apis["b"], scene.mug, key="b"),
        "another pays": parts.pays(scene.ids["b"]),
    }


def both_place(scene: Scene) -> Mapping[str, Send]:
    """Two orders are placed at once where there is enough for one."""
    parts = scene.parts
    return {
        "places": parts.place(scene.apis["a"], scene.mug, key="a"),
        "another places": parts.place(scene.apis["b"], scene.mug, key="b"),
        "pays": parts.pays(scene.ids["a"]),
        "another pays": parts.pays(scene.ids["b"]),
        "cancels": parts.cancel(scene.apis["a"], scene.ids["a"]),
    }


def too_late(scene: Scene) -> Mapping[str, Send]:
    """Money comes for an order that expired, and another order wants what it would need."""
    parts, order = scene.parts, scene.ids["a"]
    scene.place("a")
    scene.expire("a")
    scene.reopen("a")
    return {
        "pays": parts.pays(order),
        "Stripe tells": parts.tells(order),
        "worker": parts.follows(order),
        "another worker": parts.follows(order),
        "another places": parts.place(scene.apis["b"], scene.mug, key="b"),
    }


def refunded(scene: Scene) -> Mapping[str, Send]:
    """A paid order is cancelled twice by the same request, while its money is being refunded."""
    parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
    scene.place("a")
    scene.pay("a")
    scene.look("a")
    return {
        "cancels": parts.cancel(api, order),
        "cancels again": parts.cancel(api, order),
        "refunds": parts.finishes_refunds(),
    }


def spoilt(fault: Fault) -> Cast:
    """Stripe fails once, whenever that is, while an order is placed, paid and ended."""

    def cast(scene: Scene) -> Mapping[str, Send]:
        parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
        return {
            "Stripe fails": parts.spoils(fault),
            "places": parts.place(api, scene.mug, key="a"),
            "places again": parts.place(api, scene.mug, key="a"),
            "pays": parts.pays(order),
        }

    return cast


def spoilt_end(fault: Fault) -> Cast:
    """Stripe fails once, whenever that is, while an order ends and its money goes back."""

    def cast(scene: Scene) -> Mapping[str, Send]:
        parts, api, order = scene.parts, scene.apis["a"], scene.ids["a"]
        scene.place("a")
        return {
            "Stripe fails": parts.spoils(fault),
            "pays": parts.pays(order),
            "cancels": parts.cancel(api, order),
            "cancels again": parts.cancel(api, order),
        }

    return cast


def paid_and_told(scene: Scene) -> Mapping[str, Send]:
    """Two orders at once where there is enough for one, Stripe's word and the deadline."""
    parts, order = scene.parts, scene.ids["a"]
    return {
        "places": parts.place(scene.apis["a"], scene.mug, key="a"),
        "another places": parts.place(scene.apis["b"], scene.mug, key="b"),
        "pays": parts.pays(order),
        "another pays": parts.pays(scene.ids["b"]),
        "Stripe tells": parts.tells(order),
        "worker": parts.follows(order),
        "time": parts.passes(),
        "deadlines": parts.ends_overdue(),
    }


LATE_FOR_ONE: Final = "money comes too late, points for one"
SHORT: Final = (
    Tale("an order is placed twice", placing),
    Tale("an order is placed at its deadline", placing_late),
    Tale("Stripe tells twice", told_twice),
    Tale("payment, cancel and deadline", deadline),
    Tale("Stripe tells at the deadline", deadline_told),
    Tale("two members, one unit", one_unit),
    Tale("one member, points for one", one_unit, units=2, is_one_member=True),
    Tale("money comes too late", too_late, is_dishonest=True),
    Tale("a paid order is cancelled", refunded),
    Tale("Stripe fails: LOST", spoilt(Fault.LOST), may_fail=True),
)
"""Told in every run."""
LONG: Final = (
    Tale("Stripe tells before the payment is noted", heard_before_noted),
    Tale("a declined card, payment, cancel and deadline", declined),
    Tale("two members at once, one unit", both_place),
    Tale("one member at once, points for one", both_place, units=2, is_one_member=True),
    Tale(LATE_FOR_ONE, too_late, units=2, is_one_member=True, is_dishonest=True),
    Tale("Stripe fails: DOWN", spoilt(Fault.DOWN), may_fail=True),
    Tale("Stripe fails: KEPT", spoilt(Fault.KEPT), may_fail=True),
    *(
        Tale(f"Stripe fails at the end: {one.name}", spoilt_end(one), may_fail=True)
        for one in Fault
    ),
    Tale("two members at once, Stripe's word and the deadline", paid_and_told),
)
"""Told by `make explore`."""
SHORT_TALES: Final = {tale.name: tale for tale in SHORT}
ALL_TALES: Final = {tale.name: tale for tale in (*SHORT, *LONG)}
