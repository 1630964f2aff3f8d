"""What must hold of check-ins and tasks: once each, within their caps, as told."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.kernel.clock import day_of
from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row

Deed = tuple[str, Row, str | None]
ONE_DAY: Final = timedelta(days=1)
DEFAULTS: Final[dict[str, Any]] = {
    "check_in": {"points": 10, "streaks": [{"days": 7, "points": 1000}]},
    "tasks": {"share": {"points": 20, "per_day": 3}, "review": {"points": 50, "per_day": 1}},
    "referral": {"points": 500, "minimum": 0, "per_month": 3},
}
"""What held before anybody wrote anything."""


def check_ins_are_worth_what_the_settings_say(books: Books) -> Faults:
    """A check-in has the points of its version, and those of every streak that it completes."""
    terms = terms_of(books)
    for row in books.of("check-in"):
        rule = terms[row["pv"]]["check_in"]
        bonus = sum(s["points"] for s in rule["streaks"] if row["n"] % s["days"] == 0)
        if row["b"] != rule["points"] + bonus:
            yield f"{row['p']} got {row['b']} points on the day {row['n']} of a streak"


def streaks_are_runs_of_check_ins(books: Books) -> Faults:
    """One check-in a day; its length is that of the run, and the streak is the last one."""
    by_member: dict[str, list[Row]] = {}
    for row in books.of("check-in"):
        by_member.setdefault(row["p"], []).append(row)
    streaks = {row["p"]: row for row in books.of("streak")}
    for member_id in sorted(by_member.keys() | streaks.keys()):
        last, days, longest = date.min, 0, 0
        for row in sorted(by_member.get(member_id, []), key=lambda row: row["d"]):
            on = date.fromisoformat(row["d"])
            if on == last:
                yield f"{member_id} checked in twice on {on}"
            days = days + 1 if on == last + ONE_DAY else 1
            last, longest = on, max(longest, days)
            if row["n"] != days:
                yield f"the check-in of {member_id} on {on} is day {row['n']}, and not {days}"
        told = streaks.get(member_id, {"d": None, "n": 0, "x": 0})
        if (told["d"], told["n"], told["x"]) != (last.isoformat(), days, longest):
            yield f"the streak of {member_id} is not that of the check-ins"


def what_is_done_and_entries_agree(books: Books) -> Faults:
    """Every check-in and every task has its entry, of its day and points, and every entry one."""
    done: list[Deed] = [("check_in", row, None) for row in books.of("check-in")]
    done += [("task", row, row["m"]) for row in books.of("task")]
    wanted = Counter(str((r["p"], kind, of, r["d"], r["b"], r["o"])) for kind, r, of in done)
    booked = Counter(
        str((one.member_id, one.reason.code, one.refers.get("task"), day, *brought(one)))
        for one in entries_of(books, Reason.CHECK_IN, Reason.TASK)
        for day in [day_of(one.at, books.zone).isoformat()]
    )
    for name in sorted(wanted.keys() | booked.keys()):
        if wanted[name] != booked[name]:
            yield f"{name} was done {wanted[name]} times, and booked {booked[name]} times"


def tasks_are_counted_within_their_caps(books: Books) -> Faults:
    """A day's counter of a task has what was done, and no more than some version allows."""
    done = Counter(
        (row["p"], f"V#task/{row['m']}#d{date.fromisoformat(row['d']):%y%m%d}")
        for row in books.of("task")
    )
    most: Counter[str] = Counter()
    for terms in terms_of(books).values():
        for name, task in terms["tasks"].items():
            most[name] = max(most[name], task["per_day"])
    counted = Counter(
        {(r["p"], r["s"]): r["n"] for r in books.of("times") if r["s"].startswith("V#task/")}
    )
    for key in sorted(done.keys() | counted.keys()):
        name = key[1].removeprefix("V#task/").rpartition("#")[0]
        if key not in counted and is_forgotten(key[1], books):
            continue
        if done[key] != counted[key] or counted[key] > most[name]:
            yield f"{key} was done {done[key]} times, and is counted {counted[key]} times"


def evidence_counts_once(books: Books) -> Faults:
    """Every task that was done has shown one piece of evidence, and every piece is of one."""
    done = Counter((row["p"], row["s"]) for row in books.of("task"))
    shown = Counter((row["p"], row["r"]) for row in books.of("evidence"))
    for key in sorted(done.keys() | shown.keys()):
        if done[key] != shown[key]:
            yield f"{key} was done {done[key]} times, and shown {shown[key]} times"


def counters_are_kept_for_a_while(books: Books) -> Faults:
    """A counter may be gone thirty days after its period, and not before."""
    for row in books.of("times"):
        if row["t"] != forgotten_at(row["s"], books.zone):
            yield f"{row['p']} / {row['s']} may be gone at {row['t']}"


def is_forgotten(sort: str, books: Books) -> bool:
    """Tell whether a counter may be gone by the newest entry there is."""
    newest = max((one["a"] for one in books.of("entry")), default=0) // 10**6
    return newest >= forgotten_at(sort, books.zone)


def forgotten_at(sort: str, zone: str) -> int:
    """Return the second from which a counter may be gone."""
    kind, told = sort.rpartition("#")[2][0], sort.rpartition("#")[2][1:]
    first = date(2000 + int(told[:2]), int(told[2:4]), int(told[4:] or 1))
    following = first + ONE_DAY if kind == "d" else (first + 31 * ONE_DAY).replace(day=1)
    ends = datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone))
    return int(ends.timestamp()) + 30 * 86_400


def entries_of(books: Books, *reasons: Reason) -> list[Entry]:
    """Return all entries of some reasons."""
    journals = books.entries().values()
    return [entry for journal in journals for entry in journal if entry.reason in reasons]


def brought(entry: Entry) -> tuple[int, int]:
    """Return the points that came in by an entry, and how many of them paid debt."""
    return (-entry.legs.get(Account.ISSUED, 0), entry.legs.get(Account.DEBT, 0))


def terms_of(books: Books) -> dict[int, dict[str, Any]]:
    """Return the settings of activities by version of the program."""
    rows = [row for row in books.of("document") if row["s"].startswith("D#program#")]
    told = {int(row["s"].rpartition("#")[2]): json.loads(row["b"]) for row in rows}
    return {0: DEFAULTS} | {n: body.get("activities", DEFAULTS) for n, body in told.items()}
