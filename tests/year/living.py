"""A day of everybody, and its night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from tests.year import bank, characters, desk, marketing, nights
from tests.year.town import Person, Town, at

DAY: Final = timedelta(days=1)
MORNING: Final = 8.5
"""When the quiet hours of notices are over."""
RARE: Final = 0.2
"""Deeds beside the day's, of kinds that were left out so far."""
NIGHT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Size:
    """How many members there are, how many things happen on a day, and which days are lived."""

    members: int
    deeds: float
    rounds: tuple[float, ...]
    rests: int
    """Days that nothing happens on, after each three that are lived."""


def a_day(town: Town, day: date, *, size: Size) -> int:
    """Let everybody live a day; return how many differences were planted."""
    town.until(at(day, hour=MORNING))
    nights.run(town, "held-notices")
    marketing.market(town)
    before = MORNING
    for hour in size.rounds:
        crowd = _crowd(town, round(size.deeds / len(size.rounds)))
        for number, who in enumerate(crowd):
            town.until(at(day, hour=before + (hour - before) * number / len(crowd)))
            characters.live(town, who)
            if town.chance(RARE):
                characters.live_as_others_do_not(town)
        before = hour
        the_house(town, size)
        town.until(at(day, hour=hour))
        bank.hear(town)
        nights.run(town, "order-deadlines", "unfinished-refunds")
    return bank.pay_twice(town)


def the_house(town: Town, size: Size) -> None:
    """Let the desk and the bank do what comes up."""
    often = size.deeds / 60
    for deed, share in (
        (desk.correct, 0.3),
        (desk.freeze_or_thaw, 0.25),
        (desk.refund_an_order, 0.8),
    ):
        if town.chance(share * min(often * 2, 1), of=deed.__name__):
            deed(town, town.dice.choice(_alive(town)))
    frozen = [who for who in _alive(town) if who.is_frozen]
    if frozen and town.chance(0.4):
        desk.freeze_or_thaw(town, frozen[0])
    desk.review(town)
    desk.send_parcels(town)
    if town.chance(0.25, of="restock"):
        desk.restock(town)
    bank.question(town)
    bank.rule(town)


def a_night(town: Town, day: date, *, planted: int, size: Size) -> list[str]:
    """Let the jobs of the night run, look at what was written, and return what does not hold."""
    town.until(at(day + DAY, hour=NIGHT))
    bank.hear(town)
    nights.run(town, "order-deadlines", "unfinished-refunds", "expiry")
    nights.reconcile(town, planted=planted, is_daily=not size.rests)
    changes = nights.relay(town)
    bank.hear(town)
    changes += nights.relay(town)
    return list(nights.faults_of_the_night(town, changes))


def _alive(town: Town) -> list[Person]:
    return [who for who in town.people if not who.is_gone]


def _crowd(town: Town, count: int) -> list[Person]:
    """Return who does something, one name for each time."""
    alive = _alive(town)
    weights = [characters.eagerness(town, who) for who in alive]
    return town.dice.choices(alive, weights=weights, k=count)
