"""How figures and days become sentences, and which rewards are worth naming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from string import Formatter
from typing import Final

from chalicelib.catalog.rewards.model import Text
from chalicelib.catalog.rewards.rules import redeemable_window
from chalicelib.catalog.shelf.model import Mine
from chalicelib.catalog.shelf.rules import points_alone
from chalicelib.catalog.stock.model import Hint
from chalicelib.kernel.errors import Language
from chalicelib.ledger.expiry.rules import reminder
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.outreach.wording.model import Kind, Line, Notice, Written

ENDINGS_MAX: Final = 10
"""Dates that a reminder lists, of up to 31; a line below them says how many points the others are.
"""
ENDING: Final = Text(
    "· {points:,} 积分，可用至 {day}（还剩 {days} 天）",
    "· {points:,} points until {day} ({days} days left)",
)
COMMA: Final = Text("、", ", ")


def source_of(reminded_on: date) -> str:
    """Return the source of a day's reminder; those of later days are greater."""
    return f"rd#{reminded_on.isoformat()}"


def refreshed(notice: Notice, wallet: Wallet, *, today: date) -> Notice | None:
    """Return a notice as it is true of a wallet today, or None where nothing is left to tell.

    A reminder may have waited: its points may be spent, past their day or kept by an exemption. One
    that was given after it tells all that it would.
    """
    if notice.kind is not Kind.REMINDER:
        return notice
    if wallet.reminded_on and notice.source < source_of(wallet.reminded_on):
        return None
    dates = {ending.usable_through: ending.points for ending in reminder(wallet, today)}
    return replace(notice, dates=dates) if dates else None


def written(kind: Kind, facts: Mapping[str, str | int], *, language: Language) -> Written:
    """Return a notice in a language; a fact that a sentence wants and nobody has is a KeyError."""
    template = kind.template
    lines = [line for line in template.lines if not line.needs or facts.get(line.needs)]
    grouped = {name: f"{fact:,}" if isinstance(fact, int) else fact for name, fact in facts.items()}
    told = [line.text.told(language).format_map(grouped) for line in lines]
    return Written(template.subject.told(language).format_map(grouped), "\n".join(told))


def wants(line: Line) -> frozenset[str]:
    """Return which facts a line wants, in any of its languages."""
    texts = (line.text.zh, line.text.en)
    return frozenset(name for text in texts for _, name, _, _ in Formatter().parse(text) if name)


def told_endings(dates: Mapping[date, int], today: date, *, language: Language) -> str:
    """Return the points that end, a line each, the soonest first, as many as are listed."""
    return "\n".join(
        ENDING.told(language).format(
            points=dates[day], day=day.isoformat(), days=(day - today).days
        )
        for day in sorted(dates)[:ENDINGS_MAX]
    )


def not_listed(dates: Mapping[date, int]) -> int:
    """Return how many of the points that end are on days that are not listed."""
    return sum(dates[day] for day in sorted(dates)[ENDINGS_MAX:])


def is_open(mine: Mine, now: datetime, *, points: int) -> bool:
    """Tell whether a member who has so many points could redeem a reward now, without cash."""
    locks, shown = mine.locks, mine.shown
    alone = points_alone(shown.reward)
    if alone is None or alone > points:
        return False
    lacks = locks.lacks
    locked = locks.limit or lacks.standing or lacks.plan or lacks.tags
    is_there = shown.hint is not Hint.SOLD_OUT and redeemable_window(shown.reward).holds(now)
    return is_there and not locked
