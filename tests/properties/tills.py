"""A third of the state machine: joining, what tills report, and claims of it.

Each rule is one request, or a few. What to send again, or otherwise, is picked among what was sent
before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.faults import Fault
from tests.mall import Mall, id_of
from tests.properties.days import midnight_after
from tests.properties.deeds import (
    CHANNELS,
    LATECOMER,
    MEMBERS,
    Body,
    Deed,
    adjusting,
    checking_in,
    claiming,
    enrolling,
    hearing,
    refunding,
    reporting,
    sharing,
)
from tests.properties.facts import Name
from tests.properties.model import Program
from tests.properties.world import SECOND, Plans, World

STEPS_BETWEEN_AUDITS: Final = 10
CALLS_MAX: Final = 4
"""A request makes as many calls to the engine, or few more."""

WRONG_CODE: Final = "0000-0000-0000-0000"

subjects = st.sampled_from([*MEMBERS, *MEMBERS, *MEMBERS, *MEMBERS, LATECOMER])
picks = st.integers(0, 999)
recents = st.one_of(st.just(0), st.integers(0, 4), picks)
"""Picks among what is listed newest first."""
fen = st.one_of(st.integers(1_000, 50_000), st.sampled_from([0, 99, 9_990, 100_000]))
backs = st.sampled_from([0, 0, 0, 0, 1])
"""Deeds back of which a key is used again."""
brinks = st.sampled_from([-2 * SECOND, -1 * SECOND, 0 * SECOND])
"""Where the clock stops, so that the next request comes just before, at, and after midnight."""
shown = st.integers(0, 99)
parts = st.sampled_from([0.1, 0.5, 0.999, 1, 1, 1.01])
channels = st.sampled_from(sorted(CHANNELS))
plan = st.dictionaries(st.integers(0, CALLS_MAX), st.sampled_from(Fault), min_size=1, max_size=2)
plans = st.one_of(st.just([]), st.just([]), st.lists(plan, min_size=1, max_size=2))


class TillMachine(RuleBasedStateMachine):
    """Members and tills."""

    def __init__(self, open_mall: Callable[[], Mall]) -> None:
        """Open a mall of its own."""
        super().__init__()
        self.mall = open_mall()
        self.world = World.opened(self.mall)
        self.reports: list[Body] = []
        self.refunds: list[tuple[Name, str, int]] = []
        self.steps = 0

    @property
    def model(self) -> Program:
        return self.world.program

    @initialize()
    def begin(self) -> None:
        """Let two members join and earn points of two dates; nobody joins twice."""
        for subject in (*MEMBERS, *MEMBERS):
            self.world.do(enrolling(self.mall, subject), [])
        for amount in (14_321, 30_000):
            for subject in MEMBERS:
                self.report(subject, "store-1", amount, [])
            self.world.move_to(self.model.now + timedelta(days=40))

    @invariant()
    def everything_agrees(self) -> None:
        """Compare with the model after every step, and all of it after some."""
        self.world.wallets_agree()
        self.steps += 1
        if self.steps % STEPS_BETWEEN_AUDITS == 0:
            self.world.all_agrees()

    def teardown(self) -> None:
        """Compare all of it at the end."""
        self.world.all_agrees()

    @precondition(lambda self: LATECOMER not in self.model.members)
    @rule(plans=plans)
    def enrol(self, plans: Plans) -> None:
        self.world.tick()
        self.world.do(enrolling(self.mall, LATECOMER), plans)

    @rule(subject=subjects, channel=channels, amount=fen, plans=plans)
    def report(self, subject: str, channel: str, amount: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._report(subject, channel, amount), plans)

    @rule(subject=subjects, days=st.sampled_from([29, 29, 31, -1]), plans=plans)
    def report_late(self, subject: str, days: int, plans: Plans) -> None:
        self.world.tick()
        occurred_at = (self.model.now - timedelta(days=days)).isoformat()
        late = self._report(subject, "web", 5_000, occurred_at=occurred_at)
        self.world.do(late, plans)

    @rule(channel=channels, amount=fen, plans=plans)
    def report_a_guests(self, channel: str, amount: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._report(None, channel, amount), plans)

    @precondition(lambda self: self.guests())
    @rule(subject=subjects, pick=recents, back=backs, plans=plans)
    def claim(self, subject: str, pick: int, back: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._claim(subject, pick, back=back), plans)

    @precondition(lambda self: self.guests())
    @rule(subject=subjects, pick=recents, brink=brinks)
    def claim_at_the_brink(self, subject: str, pick: int, brink: timedelta) -> None:
        """Claim just before or after the end of the last day for it."""
        through = self.model.purchases[self._guest(pick)].through
        assert through is not None, pick
        instant = midnight_after(through) + brink
        if self.model.now < instant:
            self.world.move_to(instant)
        self.claim(subject, pick, 0, [])

    @rule(subject=st.sampled_from(MEMBERS), times=st.sampled_from([1, 1, 3, 11]))
    def claim_wrongly(self, subject: str, times: int) -> None:
        """Try codes of nothing; without crashes, after which a try may count twice."""
        for _ in range(times):
            self.world.tick()
            key = f"wrong-{len(self.model.receipts)}"
            deed = claiming(self.mall, subject, key, WRONG_CODE, of=None)
            self.world.do(deed, [])

    @rule(subject=st.sampled_from(MEMBERS), points=st.integers(-150, 400), plans=plans)
    def adjust(self, subject: str, points: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._adjust(subject, points), plans)

    @rule(subject=subjects, back=backs, brink=st.one_of(st.none(), brinks), plans=plans)
    def check_in(self, subject: str, back: int, brink: timedelta | None, plans: Plans) -> None:
        """Check in, now or just before or after the end of the day."""
        self.world.tick()
        instant = midnight_after(self.model.today) + (brink or timedelta())
        if brink is not None and self.model.now < instant:
            self.world.move_to(instant)
        self.world.do(checking_in(self.mall, subject, self._key("check-in", back)), plans)

    @rule(subject=subjects, back=backs, shown=st.lists(shown, min_size=1, max_size=5), plans=plans)
    def share(self, subject: str, back: int, shown: list[int], plans: Plans) -> None:
        """Do a task, perhaps with what was shown before, and perhaps too often."""
        for evidence in shown:
            self.world.tick()
            key = self._key("share", back)
            self.world.do(sharing(self.mall, subject, key, f"post {evidence}"), plans)

    @rule(amount=fen, part=st.sampled_from([1, 1, 1, 0.5]), between=st.booleans(), plans=plans)
    def bring(self, amount: int, part: float, *, between: bool, plans: Plans) -> None:
        """Let the latecomer buy and give back, and the referrer hear of it after, or in between."""
        if LATECOMER not in self.model.members:
            self.enrol([])
        self.report(LATECOMER, "web", amount, [])
        if between:
            self.world.do(hearing(self.mall), plans)
        self.world.do(self._refund(len(self.model.purchases) - 1, part), [])
        self.world.do(hearing(self.mall), plans)

    @precondition(lambda self: self.world.done)
    @rule(pick=recents, plans=plans)
    def repeat(self, pick: int, plans: Plans) -> None:
        """Send anything again that succeeded; what it moved does not move twice."""
        self.world.tick()
        deeds = list(self.world.done.values())
        self.world.do(deeds[-1 - pick % len(deeds)], plans)

    @rule(pick=picks, plans=plans)
    def report_again(self, pick: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(reporting(self.mall, self.reports[pick % len(self.reports)]), plans)

    @rule(
        pick=picks,
        change=st.sampled_from(
            [
                {"paid": {"amount": 1, "currency": "cny"}},
                {"paid": {"amount": 12_345, "currency": "usd"}},
                {"member_id": "mem_00000000000"},
                {"member_id": None},
                {"channel": "web"},
            ]
        ),
        plans=plans,
    )
    def report_otherwise(self, pick: int, change: Body, plans: Plans) -> None:
        self.world.tick()
        report = {**self.reports[pick % len(self.reports)], **change}
        self.world.do(reporting(self.mall, report), plans)

    @rule(pick=picks, part=parts, plans=plans)
    def refund(self, pick: int, part: float, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._refund(pick, part), plans)

    @precondition(lambda self: self.refunds)
    @rule(pick=picks, more=st.sampled_from([0, 0, 1]), plans=plans)
    def refund_again(self, pick: int, more: int, plans: Plans) -> None:
        self.world.tick()
        name, refund_id, amount = self.refunds[pick % len(self.refunds)]
        self.world.do(refunding(self.mall, name, refund_id, amount + more), plans)

    def guests(self) -> list[Name]:
        """Return the purchases that somebody can claim, or could once, newest last."""
        return [name for name, one in self.model.purchases.items() if one.through is not None]

    def _guest(self, pick: int) -> Name:
        return self.guests()[-1 - pick % len(self.guests())]

    def _claim(self, subject: str, pick: int, *, back: int = 0, mark: str = "") -> Deed:
        """Return a claim, under a new key or under one that was used before."""
        name = self._guest(pick) if self.guests() else None
        code = str(self.world.answers[name]["claim_code"]) if name else WRONG_CODE
        if pick % 2:
            code = f"{code[:4].lower()}-{code[4:]}"
        return claiming(self.mall, subject, self._key("claim", back) + mark, code, of=name)

    def _adjust(self, subject: str, points: int, *, mark: str = "") -> Deed:
        return adjusting(self.mall, subject, self._key("adjust") + mark, points or 1)

    def _key(self, route: str, back: int = 0) -> str:
        """Return a new key, or one that was spent on a route so many deeds back."""
        spent = [key for at, _, key in self.model.receipts if at == route]
        return spent[-back] if 0 < back <= len(spent) else f"k-{len(self.model.receipts)}"

    def _report(self, subject: str | None, channel: str, amount: int, **more: Any) -> Deed:
        """Return a new purchase; nobody's is a guest's."""
        report: Mapping[str, Any] = {
            "channel": channel,
            "purchase_id": f"p-{len(self.reports)}",
            "member_id": None if subject is None else id_of(subject),
            "paid": {"amount": amount, "currency": "cny"},
            **more,
        }
        self.reports.append(report)
        return reporting(self.mall, report)

    def _refund(self, pick: int, part: float) -> Deed:
        """Return a new refund of part of what is left of a purchase, or of one that nobody made."""
        names = [*self.model.purchases, ("web", "nobody-s")]
        name = names[pick % len(names)]
        known = self.model.purchases.get(name)
        left = known.amount - known.refunded if known else 100
        refund = (name, f"r-{len(self.refunds)}", max(1, int(left * part)))
        self.refunds.append(refund)
        return refunding(self.mall, *refund)
