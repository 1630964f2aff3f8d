"""Who lives in the town, and what each of them does on a day, by how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from tests.year import leisure, redeeming, shopping
from tests.year.town import FIRST, Person, Town

Deed = Callable[[Town, Person], None]


def spend_and_bring_back(town: Town, who: Person) -> None:
    """Spend the points of purchases, and give those back: what is missing then is owed."""
    redeeming.spend_all(town, who)
    shopping.bring_all_back(town, who)


AWAKE: Final = FIRST + timedelta(days=50)
"""Sleepers fall asleep then."""

HABITS: Final[Mapping[str, Mapping[Deed, int]]] = {
    "regular": {
        shopping.buy: 8,
        shopping.quote: 2,
        shopping.claim: 1,
        shopping.bring_back: 1,
        leisure.check_in: 2,
        leisure.do_a_task: 2,
        leisure.look_around: 2,
        leisure.wish: 1,
        redeeming.redeem: 6,
        redeeming.redeem_with_cash: 7,
        redeeming.again: 1,
        redeeming.spend_all: 1,
    },
    "hoarder": {
        shopping.buy: 8,
        redeeming.splurge: 3,
        leisure.do_a_task: 1,
        leisure.look_around: 1,
    },
    "bargain hunter": {shopping.buy: 8, redeeming.redeem: 4, redeeming.redeem_with_cash: 4},
    "streaker": {leisure.check_in: 1},
    "returner": {
        shopping.buy: 5,
        shopping.bring_back: 5,
        spend_and_bring_back: 3,
        redeeming.redeem: 3,
        redeeming.redeem_with_cash: 4,
    },
    "fraudster": {
        shopping.buy: 2,
        shopping.cheat_at_the_till: 2,
        shopping.claim: 2,
        leisure.invite_oneself: 1,
        leisure.do_a_task: 2,
        leisure.show_it_again: 2,
        leisure.check_in: 1,
        redeeming.again: 1,
        redeeming.redeem: 1,
    },
    "sleeper": {shopping.buy: 1},
    "leaver": {
        shopping.buy: 4,
        leisure.check_in: 1,
        leisure.do_a_task: 1,
        redeeming.redeem: 1,
        redeeming.redeem_with_cash: 1,
    },
    "guest": {shopping.buy_as_guest: 5, shopping.claim: 2, redeeming.redeem: 1},
    "newcomer": {shopping.buy: 4, redeeming.redeem: 1, leisure.invite: 1},
}
DEEDS: Final = tuple(dict.fromkeys(deed for habits in HABITS.values() for deed in habits))
SHARES: Final[Mapping[str, int]] = {
    "regular": 30,
    "hoarder": 8,
    "bargain hunter": 12,
    "streaker": 2,
    "returner": 10,
    "fraudster": 6,
    "sleeper": 8,
    "leaver": 8,
    "guest": 12,
    "newcomer": 4,
}
"""Of a hundred members."""


def settle_in(town: Town, size: int) -> None:
    """Let the first members join, at least one of each character."""
    names = list(SHARES)
    for number in range(size):
        drawn = town.dice.choices(names, weights=list(SHARES.values()))[0]
        leisure.join(town, names[number] if number < len(names) else drawn)


def live(town: Town, who: Person) -> None:
    """Do what somebody of this character does."""
    if who.is_gone or (who.character == "sleeper" and town.today > AWAKE):
        return
    if who.leaves is not None and town.today >= who.leaves:
        leisure.leave(town, who)
        return
    habits = HABITS[who.character]
    deed = town.dice.choices(list(habits), weights=list(habits.values()))[0]
    town.picked[deed.__name__] += 1
    deed(town, who)


def live_as_others_do_not(town: Town) -> None:
    """Let somebody do what has been done least so far, so that a small town sees everything."""
    deed = min(DEEDS, key=lambda one: town.picked[one.__name__])
    town.picked[deed.__name__] += 1
    found = [who for who in town.people if deed in HABITS[who.character] and not who.is_gone]
    if found:
        rich = max(found, key=lambda who: town.sums.net[who.id])
        deed(town, rich if town.chance(0.5) else town.dice.choice(found))


def eagerness(town: Town, who: Person) -> float:
    """Return how much more than others somebody does today."""
    if who.character == "streaker":
        return 0.2 if who.checked_in == town.today else 20.0
    if who.character == "bargain hunter":
        return 3.0 if town.is_on_sale else 0.2
    if who.leaves is not None and town.today >= who.leaves:
        return 10.0
    return 1.0
