"""The whole state machine: deeds in any order, and short stories that chance would seldom tell.

A story makes an order or a guest's purchase, and lets a few deeds about it follow each other, or
meet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.properties.days import midnight_after
from tests.properties.deeds import MEMBERS, Body, setting
from tests.properties.desks import decisions
from tests.properties.machine import LAST_YEAR, ProgramMachine, about_orders, modest_asks
from tests.properties.shelf import Thresholds
from tests.properties.shelves import CODED, NUMBERED
from tests.properties.tills import fen, parts, picks, plans
from tests.properties.world import SECOND, Plans

UNTOUCHED: Final = Thresholds()
EVERYTHING: Final = Thresholds(worth=0)
"""Somebody looks at every order."""

ENOUGH: Final = 200
"""Points that pay any modest order."""

members = st.sampled_from(MEMBERS)
kinds = st.lists(st.tuples(about_orders, decisions, plans), min_size=1, max_size=4)
second_thoughts = st.sampled_from(["cancel", "cancel", "cancel", "give_back", "decide"])
minutes = st.sampled_from([1, 29, 31])
held = st.sampled_from([False, False, True])


class StoryMachine(ProgramMachine):
    """Everything."""

    @rule(subject=members, ask=modest_asks, held=held, kinds=kinds)
    def live_through(
        self, subject: str, ask: Body, kinds: list[tuple[str, str, Plans]], *, held: bool
    ) -> None:
        """Place an order, perhaps one that somebody looks at, and let things happen to it."""
        self._begin(subject, ask, held=held)
        for kind, decision, spoilt in kinds:
            self.world.tick()
            self.world.do(self._about(kind, 0, decision), spoilt)

    @rule(subject=members, ask=modest_asks, held=held, pair=st.tuples(about_orders, about_orders))
    def meanwhile_of_an_order(
        self, subject: str, ask: Body, pair: tuple[str, str], *, held: bool
    ) -> None:
        """Place an order, and let two deeds about it meet."""
        self._begin(subject, ask, held=held)
        first = self._about(pair[0], 0, "approve", mark="-0")
        self.world.race(first, self._about(pair[1], 0, "reject", mark="-1"))

    @rule(
        subject=members,
        reward=st.sampled_from([1, NUMBERED, CODED]),
        units=st.integers(1, 5),
        turned=st.booleans(),
    )
    def meanwhile_on_the_shelf(
        self, subject: str, reward: int, units: int, *, turned: bool
    ) -> None:
        """Redeem what somebody takes off the shelf."""
        self.world.tick()
        one = self._place(subject, {"reward": reward, "option": 0, "quantity": 1})
        other = self._withdraw(reward, units)
        self.world.race(*((other, one) if turned else (one, other)))

    @rule(subject=members, amount=fen, shares=st.lists(parts, max_size=3), pick=picks, plans=plans)
    def buy_as_a_guest(
        self, subject: str, amount: int, shares: list[float], pick: int, plans: Plans
    ) -> None:
        """Buy without a name, give part back, claim the rest, and give more back."""
        claims = pick % (len(shares) + 1)
        self.world.tick()
        self.world.do(self._report(None, "web", amount), [])
        newest = len(self.model.purchases) - 1
        for share in shares[:claims]:
            self.world.do(self._refund(newest, share), plans)
        self.world.do(self._claim(subject, 0), plans)
        for share in shares[claims:]:
            self.world.tick()
            self.world.do(self._refund(newest, share), [])

    @rule(
        subject=members, amount=fen, second=st.sampled_from(["same", "other", "refund", "turned"])
    )
    def meanwhile_of_a_guests(self, subject: str, amount: int, second: str) -> None:
        """Let a claim meet another one, or a refund."""
        self.world.tick()
        self.world.do(self._report(None, "web", amount), [])
        claim = self._claim(subject, 0)
        refund = self._refund(len(self.model.purchases) - 1, 0.6)
        if second == "turned":
            self.world.race(refund, claim)
            return
        other = MEMBERS[subject == MEMBERS[0]]
        rivals = {"same": claim, "refund": refund, "other": self._claim(other, 0)}
        self.world.race(claim, rivals[second])

    @precondition(lambda self: any(who.lots for who in self.model.members.values()))
    @rule(pick=picks, units=st.integers(1, 20), kind=second_thoughts, minutes=minutes)
    def think_again_after_midnight(self, pick: int, units: int, kind: str, minutes: int) -> None:
        """Redeem in the last second of some points, and go on when they are gone."""
        owners = [subject for subject, who in self.model.members.items() if who.lots]
        subject = owners[pick % len(owners)]
        member = self.model.members[subject]
        soonest = min(member.through(lot.expires_on) for lot in member.lots)
        if soonest.year >= LAST_YEAR:
            return
        self.world.move_to(max(self.model.now, midnight_after(soonest) - 2 * SECOND))
        self._begin(subject, {"reward": 0, "option": 1, "quantity": units}, held=units % 2 == 0)
        self.world.move_to(self.model.now + timedelta(minutes=minutes))
        if self.model.orders:
            self.world.do(self._about(kind, 0, "reject"), [])

    def _begin(self, subject: str, ask: Body, *, held: bool) -> None:
        """Place an order; where it is refused, the newest one has to do, if there is one."""
        self.world.tick()
        if held != (self.model.thresholds == EVERYTHING):
            wanted = EVERYTHING if held else UNTOUCHED
            self.world.do(setting(self.mall, wanted), [])
        if self.model.members[subject].available < ENOUGH:
            self.world.do(self._adjust(subject, 2 * ENOUGH), [])
        self.world.do(self._place(subject, ask), [])
