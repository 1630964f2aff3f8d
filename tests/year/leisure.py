"""What members do besides buying: check-ins, tasks, friends, looking around, leaving for good."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from chalicelib.kernel.ids import member_id_of
from chalicelib.settings import settings
from tests.events import Api, a_caller
from tests.year.town import Person, Town

TASKS: Final = ("share", "review")
STREAK: Final = 3
WITH_MAIL: Final = 0.4


def join(town: Town, character: str, *, friend: Person | None = None) -> Person:
    """Become a member: some tell nothing about themselves, some everything."""
    number = next(town.mall.numbers)
    subject = f"{character.partition(' ')[0]}-{number}"
    body: dict[str, Any] = {"subject": subject}
    if character == "fraudster" or town.chance(WITH_MAIL):
        body["email"] = f"{subject}@example.test"
        body["birthday"] = f"{1950 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}"
    if town.chance(0.2):
        body |= {"phone": f"+86139{number:08}", "name": f"成员{number}"}
    if friend is not None:
        body["referred_by"] = friend.id
    town.told("joined by a friend" if friend else "joined", town.mall.till.post("/members", body))
    who = Person(
        subject,
        member_id_of(settings().secret, subject),
        character,
        Api(town.mall.app, a_caller("member", subject=subject)),
        town.today,
        friend_of=friend.id if friend else None,
    )
    if character == "leaver":
        who.leaves = town.today + timedelta(days=town.dice.randint(60, 330))
    town.people.append(who)
    return who


def invite(town: Town, who: Person) -> None:
    """Bring a friend, who may buy later."""
    if town.counts["joined by a friend"] * 4 < len(town.people):
        join(town, "newcomer", friend=who)


def invite_oneself(town: Town, who: Person) -> None:
    """Come again as somebody else with the same mail address."""
    profile = town.told("looked at the profile", who.api.get("/me"))
    assert profile is not None
    if profile["email"] is None:
        return
    subject = f"{who.subject}-{next(town.mall.numbers)}"
    body = {"subject": subject, "email": profile["email"], "referred_by": who.id}
    town.refused(town.mall.till.post("/members", body), "referral_refused")


def check_in(town: Town, who: Person) -> None:
    """Check in; a second time on the same day is refused."""
    who.checked_in = town.today
    reply = who.api.post("/me/check-ins", key=town.key())
    told = town.earned("check-in", reply, "already_checked_in")
    if told is not None:
        town.sums.came(who.id, told["points"], "check-ins")
        town.counts["streak bonus"] += told["streak"]["days"] % STREAK == 0


def do_a_task(town: Town, who: Person) -> None:
    """Share something, or write a review; some do it once more than counts."""
    times = 4 if town.chance(0.1, of="one too many") else 1
    for _ in range(times):
        who.evidence.append(f"https://example.test/posts/{next(town.mall.numbers)}")
        _show(town, who, who.evidence[-1], task="share" if times > 1 else "")


def show_it_again(town: Town, who: Person) -> None:
    """Show evidence that was shown before."""
    if who.evidence:
        _show(town, who, town.dice.choice(who.evidence))


def look_around(town: Town, who: Person) -> None:
    """Look at the shelf, the wallet and its dates: what is told agrees with the sums."""
    wallet = town.told("looked at the wallet", who.api.get("/me/wallet"))
    assert wallet is not None
    assert wallet["available"] == sum(lot["points"] for lot in wallet["lots"])
    days = [lot["usable_through"] for lot in wallet["lots"] if lot["usable_through"]]
    assert min(days, default="9999") >= town.today.isoformat(), wallet
    town.told("looked at the shelf", who.api.get("/me/catalog?affordable=true"))
    if town.chance(0.2):
        town.told("export", who.api.get("/me/export"))


def wish(town: Town, who: Person) -> None:
    """Say how one wants to be told."""
    asked = {"sms": town.chance(0.5), "reminders": town.chance(0.9)}
    town.told("wish for notices", who.api.put("/me/notices", asked))


def leave(town: Town, who: Person) -> None:
    """Be erased for good; what is under way stands against it until it is over."""
    reply = who.api.delete("/me", {"confirm": True})
    if town.told("erasure", reply, "orders_open") is not None:
        who.is_gone = True
        assert who.api.get("/me").status == 401


def _show(town: Town, who: Person, evidence: str, *, task: str = "") -> None:
    task = task or town.dice.choice(TASKS)
    reply = who.api.post(f"/me/tasks/{task}", {"evidence": evidence}, key=town.key())
    told = town.earned("task", reply, "evidence_used", "limit_reached")
    if told is not None:
        town.sums.came(who.id, told["points"], "tasks")
