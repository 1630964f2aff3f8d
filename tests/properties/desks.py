"""A third of the state machine: what becomes of orders, by their members, by support, and by time.

Each rule is one request, or a few. Orders are picked newest first, because after half an hour, and
after three days, little can be done about one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.properties.deeds import MEMBERS, Deed, loading, setting, withdrawing
from tests.properties.facts import Order
from tests.properties.model import HALF_AN_HOUR
from tests.properties.order_deeds import (
    Target,
    cancelling,
    deciding,
    ending,
    fetching,
    fulfilling,
    giving_back,
    inspecting,
    looking,
    sweeping,
)
from tests.properties.shelf import Thresholds
from tests.properties.shelves import CODED, NUMBERED
from tests.properties.tills import TillMachine, backs, brinks, plans, recents, subjects
from tests.properties.world import SECOND, Plans

edges = st.sampled_from([-1 * SECOND, 0 * SECOND, timedelta(microseconds=1), 1 * SECOND])
decisions = st.sampled_from(["approve", "approve", "reject"])
quantities = st.sampled_from([None, None, 1, 1, 2, 20])
thresholds = st.builds(
    Thresholds,
    per_hour=st.sampled_from([None, None, 1, 2, 3]),
    worth=st.sampled_from([None, None, 0, 3, 10, 60]),
)
by_time = st.sampled_from(["member", "support", "job", "cancel", "approve", "refund", "repeat"])
"""Who comes upon an order that waited too long."""
UNITS_TOO_MANY: Final = 91


class DeskMachine(TillMachine):
    """Orders, once they are placed."""

    @rule(chosen=thresholds, plans=plans)
    def set_thresholds(self, chosen: Thresholds, plans: Plans) -> None:
        self.world.tick()
        self.world.do(setting(self.mall, chosen), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, stranger=st.sampled_from([0, 0, 0, 0, 1]), back=backs, plans=plans)
    def cancel(self, pick: int, stranger: int, back: int, plans: Plans) -> None:
        """Cancel an order, perhaps somebody else's."""
        self.world.tick()
        self.world.do(self._cancel(pick, back=back, stranger=stranger), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, edge=edges, plans=plans)
    def cancel_at_the_edge(self, pick: int, edge: timedelta, plans: Plans) -> None:
        """Cancel just before or after half an hour."""
        settled_at = self._order(pick).settled_at
        if settled_at is not None and self.model.now < settled_at + HALF_AN_HOUR + edge:
            self.world.move_to(settled_at + HALF_AN_HOUR + edge)
        self.world.do(self._cancel(pick), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, quantity=quantities, restock=st.booleans(), back=backs, plans=plans)
    def give_back(
        self, pick: int, quantity: int | None, back: int, plans: Plans, *, restock: bool
    ) -> None:
        """Refund an order as support."""
        self.world.tick()
        self.world.do(self._give_back(pick, quantity, back=back, restock=restock), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, decision=decisions, back=backs, plans=plans)
    def decide(self, pick: int, decision: str, back: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._decide(pick, decision, back=back), plans)

    @precondition(lambda self: self.model.orders)
    @rule(
        pick=recents,
        state=st.sampled_from(["sent", "sent", "pending"]),
        tracking=st.sampled_from([None, "SF 1"]),
        plans=plans,
    )
    def fulfil(self, pick: int, state: str, tracking: str | None, plans: Plans) -> None:
        self.world.tick()
        self.world.do(fulfilling(self.mall, self._target(pick), state, tracking), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, coded=st.booleans(), plans=plans)
    def fetch(self, pick: int, plans: Plans, *, coded: bool) -> None:
        """Fetch the codes of an order, perhaps of one that has none."""
        self.world.tick()
        self.world.do(self._fetch(pick, coded=coded), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, subject=subjects, plans=plans)
    def look(self, pick: int, subject: str, plans: Plans) -> None:
        self.world.tick()
        self.world.do(looking(self.mall, subject, self._target(pick)), plans)
        self.world.do(inspecting(self.mall, self._target(pick)), [])

    @rule(plans=plans)
    def run_the_job(self, plans: Plans) -> None:
        self.world.tick()
        self.world.do(ending(self.mall), plans)

    @rule(plans=plans)
    def sweep(self, plans: Plans) -> None:
        self.world.tick()
        self.world.do(sweeping(self.mall), plans)

    @precondition(lambda self: self.model.waiting())
    @rule(pick=recents, brink=brinks, by=by_time, plans=plans)
    def wait_too_long(self, pick: int, brink: timedelta, by: str, plans: Plans) -> None:
        """Go to where an order has waited for three days, and let somebody come upon it."""
        waiting = self.model.waiting()
        order = waiting[pick % len(waiting)]
        if self.model.now < order.deadline + brink:
            self.world.move_to(order.deadline + brink)
        self.world.tick()
        newest = list(reversed(self.model.orders.values()))
        place = next(number for number, one in enumerate(newest) if one is order)
        self.world.do(self._come_upon(by, place, order), plans)

    @rule(
        reward=st.sampled_from([0, 1, 3, NUMBERED, NUMBERED, CODED, CODED]),
        units=st.sampled_from([1, 1, 2, 5, UNITS_TOO_MANY]),
        back=backs,
        plans=plans,
    )
    def withdraw(self, reward: int, units: int, back: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._withdraw(reward, units, back=back), plans)

    @rule(
        reward=st.sampled_from([CODED, CODED, CODED, NUMBERED]),
        numbers=st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True),
        back=backs,
        plans=plans,
    )
    def load(self, reward: int, numbers: list[int], back: int, plans: Plans) -> None:
        """Import codes, perhaps some that were imported before."""
        self.world.tick()
        codes = tuple(f"TEA-0000-{number}" for number in numbers)
        deed = loading(self.mall, self._key("load", back), self.world.rewards[reward], codes)
        self.world.do(deed, plans)

    def _come_upon(self, by: str, place: int, order: Order) -> Deed:
        if by == "member":
            return looking(self.mall, order.subject, self._target(place))
        if by == "support":
            return inspecting(self.mall, self._target(place))
        if by == "approve":
            return self._decide(place, "approve")
        if by == "refund":
            return self._give_back(place, None)
        if by == "repeat":
            name, _ = self._named(place)
            return self.world.done[name]
        return ending(self.mall) if by == "job" else self._cancel(place)

    def _named(self, pick: int) -> tuple[tuple[str, str], Order]:
        orders = list(self.model.orders.items())
        return orders[-1 - pick % len(orders)]

    def _order(self, pick: int) -> Order:
        return self._named(pick)[1]

    def _target(self, pick: int) -> Target:
        """Return an order, newest first; one that was never placed where there is none."""
        if not self.model.orders:
            return Target()
        name, order = self._named(pick)
        return Target(name, order.id)

    def _cancel(self, pick: int, *, back: int = 0, stranger: int = 0, mark: str = "") -> Deed:
        target = self._target(pick)
        owner = target.name[0] or MEMBERS[0]
        subject = MEMBERS[owner == MEMBERS[0]] if stranger else owner
        return cancelling(self.mall, subject, self._key("cancel", back) + mark, target)

    def _give_back(
        self,
        pick: int,
        quantity: int | None,
        *,
        restock: bool = True,
        back: int = 0,
        mark: str = "",
    ) -> Deed:
        key = self._key("refund", back) + mark
        return giving_back(self.mall, key, self._target(pick), quantity, restock=restock)

    def _decide(self, pick: int, decision: str, *, back: int = 0, mark: str = "") -> Deed:
        return deciding(self.mall, self._key("review", back) + mark, self._target(pick), decision)

    def _fetch(self, pick: int, *, coded: bool = True) -> Deed:
        """Return a look at an order's codes, of one that has some if there is any."""
        names = [name for name, one in self.model.orders.items() if one.reward.mode == "coded"]
        target = self._target(pick)
        if coded and names:
            name = names[-1 - pick % len(names)]
            target = Target(name, self.model.orders[name].id)
        return fetching(self.mall, target.name[0] or MEMBERS[0], target, self.world.saw)

    def _withdraw(self, reward: int, units: int, *, back: int = 0, mark: str = "") -> Deed:
        key = self._key("withdraw", back) + mark
        return withdrawing(self.mall, key, self.world.rewards[reward], units)
