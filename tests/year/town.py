"""The ground of the year: a mall with its Stripe, its stream and its post, and who lives there.

Whatever is asked of the program goes through `Town.told`, which counts it: a year in which some
kind of thing never happened, or was refused that nobody expected to be, is no proof.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from tests.events import Api, Json, Reply
from tests.mall import Mall, made
from tests.outbox import Outbox, telling
from tests.stripes import LocalStripe, taking_money
from tests.year.mirror import Mirror, mirrored
from tests.year.sums import Sums

ZONE: Final = "Europe/Berlin"
"""Its clock is set back in October and forward in March; most tests are in a zone without that."""
OPENING: Final = date(2027, 6, 1)
FIRST: Final = date(2027, 7, 1)
"""The year has a 29 February."""
LAST: Final = date(2028, 6, 30)
RAREST: Final = 0.5
"""How often whatever happened least happens next: a small town sees everything, too."""

OVERDUE: Final = 1.5
"""So many times what should have happened by now."""

T = TypeVar("T")


@dataclass
class Bought:
    """A purchase at the till: its body, and how much of it has not gone back."""

    body: Json
    left: int
    back: int = 0


@dataclass
class Person:
    """A member, by character, and what they remember."""

    subject: str
    id: str
    character: str
    api: Api
    joined: date
    leaves: date | None = None
    friend_of: str | None = None
    checked_in: date | None = None
    is_frozen: bool = False
    is_gone: bool = False
    bought: list[Bought] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)


@dataclass
class Ticket:
    """A guest's purchase and the code on its receipt."""

    code: str
    points: int
    on: date
    bought: Bought
    is_used: bool = False


@dataclass
class Town:
    """Everything that a deed needs."""

    mall: Mall
    stripe: LocalStripe
    outbox: Outbox
    mirror: Mirror
    dice: random.Random
    sums: Sums = field(default_factory=Sums)
    counts: Counter[str] = field(default_factory=Counter)
    due: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    picked: Counter[str] = field(default_factory=Counter)
    people: list[Person] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    shelf: dict[str, str] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)
    multiplying: dict[str, datetime] = field(default_factory=dict)
    """Campaigns that multiply, and when each is over."""
    changed: set[str] = field(default_factory=set)
    intents: dict[str, str] = field(default_factory=dict)
    """The payment of each order with cash that was asked for its money."""
    looked_at: set[str] = field(default_factory=set)
    """Orders that may have moved without a request of anybody; each night they are looked at."""
    late: set[str] = field(default_factory=set)
    """Orders whose money came when they were dead, until it is seen what became of them."""
    to_send: list[str] = field(default_factory=list)
    disputes: list[str] = field(default_factory=list)
    questioned: set[str] = field(default_factory=set)
    is_on_sale: bool = False
    heard: str = ""
    """The last event of Stripe that somebody was told of."""

    @property
    def now(self) -> datetime:
        """Return the instant."""
        return self.mall.clock.instant

    @property
    def today(self) -> date:
        """Return the day in the program's zone."""
        return self.now.astimezone(ZoneInfo(ZONE)).date()

    def until(self, instant: datetime) -> None:
        """Let time pass, here and at Stripe; it never goes back."""
        self.mall.clock.instant = max(self.now, instant)
        self.stripe.clock.instant = self.mall.clock.instant

    def wait(self, **by: float) -> None:
        """Let so much time pass."""
        self.until(self.now + timedelta(**by))

    def key(self) -> str:
        """Return a new key."""
        return f"key-{next(self.mall.numbers)}"

    def chance(self, share: float, *, of: str = "") -> bool:
        """Throw the dice; what has a name happens in its turn, however bad the luck."""
        if not of:
            return self.dice.random() < share
        self.due[of] += share
        does = self.dice.random() < share or self.due[of] >= OVERDUE
        self.due[of] -= does
        return does

    def told(self, what: str, reply: Reply, *refusals: str) -> Json | None:
        """Count what was done, or which of these refusals it met; anything else fails."""
        if reply.status in {200, 201}:
            self.counts[what] += 1
            return reply.json
        assert reply.code in refusals, (what, reply.status, reply.text)
        self.counts[f"refused: {reply.code}"] += 1
        return None

    def earned(self, what: str, reply: Reply, *refusals: str) -> Json | None:
        """Count what gives points, whose explanation adds up to them."""
        told = self.told(what, reply, *refusals)
        if told is not None:
            assert sum(line["points"] for line in told["explanation"]) == told["points"], told
        return told

    def refused(self, reply: Reply, code: str) -> None:
        """Count what nobody may do."""
        assert reply.code == code, (code, reply.status, reply.text)
        self.counts[f"refused: {code}"] += 1

    def pick(self, choices: Mapping[T, int], name: Callable[[T], str]) -> T:
        """Choose by weight; now and then what has been chosen least, so that nothing is left out.

        What was chosen is counted under its name.
        """
        chosen = self.dice.choices(list(choices), weights=list(choices.values()))[0]
        if self.chance(RAREST):
            chosen = min(choices, key=lambda one: self.picked[name(one)])
        self.picked[name(chosen)] += 1
        return chosen

    def look(self, order_id: str) -> Json:
        """Look at an order as support does, and add up what became of it."""
        order = made(self.mall.support.get(f"/admin/orders/{order_id}"), 200)
        self.sums.order(order["member_id"], order)
        return order


@contextmanager
def a_town(mall: Mall, home: Path, *, seed: int) -> Iterator[Town]:
    """Open a mall of its own zone, with money and post, a month before the year begins."""
    mall.clock.instant = at(OPENING, hour=8)
    document = mall.marketing.get("/admin/program")
    tag = {"If-Match": document.headers["etag"]}
    made(mall.marketing.put("/admin/program", document.json | {"zone": ZONE}, headers=tag), 200)
    with (
        taking_money(mall, home) as stripe,
        telling(mall) as outbox,
        mirrored(ZONE) as mirror,
    ):
        yield Town(mall, stripe, outbox, mirror, random.Random(seed))


def at(day: date, *, hour: float) -> datetime:
    """Return an hour of a day in the program's zone, by the clock on the wall."""
    minutes = round(hour * 60)
    wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60)  # noqa: DTZ001
    return wall.replace(tzinfo=ZoneInfo(ZONE)).astimezone(ZoneInfo("UTC"))
