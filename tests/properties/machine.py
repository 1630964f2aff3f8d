"""The state machine: what people may do in any order, at any time, and through any fault.

Each rule is one request, or two of which one comes between the other's reading and writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.properties.days import midnight_after
from tests.properties.deeds import (
    MEMBERS,
    Body,
    Deed,
    as_member,
    freezing,
    placing,
    quoting,
    repricing,
    restocking,
)
from tests.properties.desks import DeskMachine
from tests.properties.order_deeds import ending, fulfilling, sweeping
from tests.properties.shelves import CODED, NUMBERED
from tests.properties.tills import backs, brinks, picks, plans, subjects
from tests.properties.world import ADDRESS, SECOND, STRANGE_REWARD, Plans

LAST_YEAR: Final = 2085
"""Dates are kept for this century only, and points live two years and longer."""

quantities = st.one_of(st.just(1), st.integers(1, 4), st.integers(1, 20))
asks = st.fixed_dictionaries(
    {
        "reward": st.sampled_from([*range(5), NUMBERED, CODED, *range(10)]),
        "option": st.sampled_from([0, 0, 0, 0, 1]),
        "quantity": quantities,
    },
    optional={"address": st.just(ADDRESS)},
)
modest_asks = st.fixed_dictionaries(
    {
        "reward": st.sampled_from([0, 1, 1, 2, 3, 4, NUMBERED, NUMBERED, CODED, CODED, CODED]),
        "option": st.just(0),
        "quantity": st.sampled_from([1, 1, 2]),
    },
    optional={"address": st.just(ADDRESS)},
)
spans = st.one_of(
    st.timedeltas(timedelta(minutes=1), timedelta(days=1)),
    st.timedeltas(timedelta(days=1), timedelta(days=40)),
    st.timedeltas(timedelta(days=100), timedelta(days=600)),
)
DEEDS: Final = (
    *("place", "report", "refund", "claim", "adjust", "withdraw"),
    *("cancel", "give_back", "decide", "fetch", "job"),
)
firsts = st.sampled_from(["place", "place", *DEEDS, "sweep"])
seconds = st.sampled_from(["same", "place", *DEEDS, "freeze", "thaw", "restock", "sweep"])
about_orders = st.sampled_from(
    ["cancel", "give_back", "give_back", "part", "decide", "fulfil", "fetch", "fetch", "job"]
)


class ProgramMachine(DeskMachine):
    """Members, tills, operators, and time."""

    @rule(subject=subjects, ask=st.one_of(asks, modest_asks), plans=plans)
    def place(self, subject: str, ask: Body, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._place(subject, ask), plans)

    @rule(subject=subjects, asks=st.lists(modest_asks, min_size=2, max_size=6), plans=plans)
    def place_many(self, subject: str, asks: list[Body], plans: Plans) -> None:
        """Redeem this and that, as people do who have time."""
        for ask in asks:
            self.world.tick()
            self.world.do(self._place(subject, ask), plans)

    @rule(subject=st.sampled_from(MEMBERS), plans=plans)
    def place_all(self, subject: str, plans: Plans) -> None:
        """Redeem about as much as the member can pay."""
        self.world.tick()
        price = self.model.rewards[self.world.rewards[0]].prices[0]
        units = min(20, self.model.members[subject].available // price)
        ask = {"reward": 0, "option": 0, "quantity": max(1, units)}
        self.world.do(self._place(subject, ask), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, plans=plans)
    def place_again(self, pick: int, plans: Plans) -> None:
        self.world.tick()
        (subject, key), order = list(self.model.orders.items())[pick % len(self.model.orders)]
        reply = self.world.do(placing(self.mall, subject, key, order.ask), plans)
        assert reply.headers["idempotency-replayed"] == "true"
        shown = as_member(self.mall, subject).get(f"/orders/{reply['id']}").json
        assert shown == reply.json | {"address": shown["address"]}
        assert bool(shown["address"]) == (order.fulfilment != "none")

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, ask=asks, plans=plans)
    def place_otherwise(self, pick: int, ask: Body, plans: Plans) -> None:
        self.world.tick()
        subject, key = list(self.model.orders)[pick % len(self.model.orders)]
        self.world.do(placing(self.mall, subject, key, self._asked(ask)), plans)

    @rule(subject=subjects, ask=asks, plans=plans)
    def quote(self, subject: str, ask: Body, plans: Plans) -> None:
        self.world.tick()
        self.world.do(quoting(self.mall, subject, self._asked(ask)), plans)

    @rule(first=firsts, second=seconds, subject=subjects, ask=modest_asks, pick=picks)
    def meanwhile(self, first: str, second: str, subject: str, ask: Body, pick: int) -> None:
        """Let one request through while another one has read, and has not yet written."""
        self.world.tick()
        one = self._deed(first, subject, ask, pick)
        if second == "same":
            self.world.race(one, replace(one))
        else:
            who = subject if pick % 2 else MEMBERS[pick % 4 // 2]
            self.world.race(one, self._deed(second, who, ask, pick + pick % 2))

    @rule(subject=subjects, frozen=st.sampled_from([True, False, False, False]), plans=plans)
    def freeze(self, subject: str, *, frozen: bool, plans: Plans) -> None:
        self.world.tick()
        self.world.do(freezing(self.mall, subject, frozen=frozen), plans)

    @rule(
        subject=st.sampled_from(MEMBERS),
        days=st.sampled_from([None, -400, -31, -30, 0, 10, 700, 2000]),
        plans=plans,
    )
    def exempt(self, subject: str, days: int | None, plans: Plans) -> None:
        self.world.tick()
        until = None if days is None else self.model.today + timedelta(days=days)
        self.world.exempt(subject, until, plans)

    @precondition(lambda self: any(who.lots for who in self.model.members.values()))
    @rule(pick=picks)
    def exempt_too_late(self, pick: int) -> None:
        """Let points expire, and begin an exemption after that."""
        self.wait_for_expiry(pick, 0 * SECOND)
        self.exempt(MEMBERS[pick % 2], 700, [])

    @rule(
        reward=st.sampled_from([0, 1, 1, 3, 3, NUMBERED, NUMBERED, CODED]),
        units=st.integers(1, 6),
        back=backs,
        plans=plans,
    )
    def restock(self, reward: int, units: int, back: int, plans: Plans) -> None:
        self.world.tick()
        self.world.do(self._restock(reward, units, back=back), plans)

    @rule(reward=st.integers(0, 6), price=st.integers(1, 30), behind=st.booleans(), plans=plans)
    def reprice(self, reward: int, price: int, *, behind: bool, plans: Plans) -> None:
        """Edit a price; an operator who is a version behind is told so."""
        self.world.tick()
        reward_id = self.world.rewards[reward]
        self.world.do(repricing(self.mall, reward_id, price, behind=behind), plans)

    @rule(span=spans)
    def wait(self, span: timedelta) -> None:
        if self.model.now.year < LAST_YEAR:
            self.world.move_to(self.model.now + span)

    @precondition(lambda self: any(who.lots for who in self.model.members.values()))
    @rule(pick=picks, brink=brinks)
    def wait_for_expiry(self, pick: int, brink: timedelta) -> None:
        """Go to the midnight at which somebody's points expire."""
        days = sorted(
            member.through(lot.expires_on)
            for member in self.model.members.values()
            for lot in member.lots
        )
        instant = midnight_after(days[pick % len(days)]) + brink
        if self.model.now < instant and instant.year < LAST_YEAR:
            self.world.move_to(instant)
            if pick % 2:
                self.world.do(sweeping(self.mall), [])

    @rule(brink=brinks)
    def wait_for_midnight(self, brink: timedelta) -> None:
        """Go to the end of the day, where limits begin anew."""
        instant = midnight_after(self.model.today) + brink
        self.world.move_to(max(self.model.now, instant))

    def _deed(self, kind: str, subject: str, ask: Body, pick: int) -> Deed:
        """Return a request of a kind."""
        mark = f"-{pick % 2}"
        deeds: Mapping[str, Any] = {
            "place": lambda: self._place(subject, ask, mark),
            "report": lambda: self._report(subject if pick % 3 else None, "store-1", 100 * pick),
            "refund": lambda: self._refund(pick, 0.6),
            "claim": lambda: self._claim(subject, pick // 2, mark=mark),
            "adjust": lambda: self._adjust(MEMBERS[pick % 2], pick - 500, mark=mark),
            "freeze": lambda: freezing(self.mall, subject, frozen=True),
            "thaw": lambda: freezing(self.mall, subject, frozen=False),
            "restock": lambda: self._restock(ask["reward"], 2),
            "withdraw": lambda: self._withdraw(ask["reward"], 1, mark=mark),
            "sweep": lambda: sweeping(self.mall),
        }
        deed: Deed = (
            deeds[kind]() if kind in deeds else self._about(kind, pick // 2, "approve", mark)
        )
        return deed

    def _about(self, kind: str, pick: int, decision: str, mark: str = "") -> Deed:
        """Return a deed about an order."""
        deeds: Mapping[str, Any] = {
            "cancel": lambda: self._cancel(pick, mark=mark),
            "give_back": lambda: self._give_back(pick, None, mark=mark),
            "part": lambda: self._give_back(pick, 1, restock=False, mark=mark),
            "decide": lambda: self._decide(pick, decision, mark=mark),
            "fulfil": lambda: fulfilling(self.mall, self._target(pick), "sent", None),
            "fetch": lambda: self._fetch(pick, coded=False),
            "job": lambda: ending(self.mall),
        }
        deed: Deed = deeds[kind]()
        return deed

    def _asked(self, ask: Body) -> Body:
        """Return the body of an order."""
        known = [*self.world.rewards, STRANGE_REWARD]
        rest = {name: ask[name] for name in ask if name != "reward"}
        return {"reward_id": known[ask["reward"]], **rest}

    def _place(self, subject: str, ask: Body, mark: str = "") -> Deed:
        """Return a new order; a key that was not spent is used again, whatever is asked."""
        key = f"k-{len(self.model.orders)}{mark}"
        return placing(self.mall, subject, key, self._asked(ask))

    def _restock(self, reward: int, units: int, *, back: int = 0) -> Deed:
        return restocking(self.mall, self._key("restock", back), self.world.rewards[reward], units)
