"""At the till: purchases, told twice or late, refunds in parts, and guests who claim theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from chalicelib.kernel.clock import rfc3339
from tests.mall import CHANNEL_NAME
from tests.year.town import Bought, Person, Ticket, Town

CATEGORIES: Final = ("tea", "books", "toys")
TWICE: Final = 0.05
"""How many purchases a till reports again."""
YESTERDAY: Final = 0.08
LATELY: Final = 40
"""So many receipts back, one is still found."""
CLAIM_WITHIN: Final = timedelta(days=30)


def buy(town: Town, who: Person) -> None:
    """Buy something; some of it is told on the next day."""
    body = _a_purchase(town, who.id)
    reply = town.mall.till.post("/purchases", body)
    told = town.earned("purchase", reply)
    assert told is not None
    town.sums.came(who.id, told["points"], "purchases")
    town.counts["points by a campaign"] += len(told["explanation"]) > 1
    who.bought.append(Bought(body, body["paid"]["amount"]))
    if town.chance(TWICE, of="purchase twice"):
        again = town.mall.till.post("/purchases", body)
        assert (again.status, again.json) == (200, told), again.text
        town.counts["purchase reported twice"] += 1


def cheat_at_the_till(town: Town, who: Person) -> None:
    """Report a purchase again with another amount."""
    if not who.bought:
        buy(town, who)
    body = town.dice.choice(who.bought).body
    more = {**body, "paid": {**body["paid"], "amount": body["paid"]["amount"] + 100}}
    town.refused(town.mall.till.post("/purchases", more), "purchase_conflict")


def bring_back(town: Town, who: Person) -> None:
    """Give a part of a purchase back, or all that is left of it."""
    bought = [one for one in who.bought if one.left]
    if bought:
        one = town.dice.choice(bought)
        amount = one.left if town.chance(0.3) else town.dice.randint(1, one.left)
        _refund(town, one, amount, member=who.id)


def bring_all_back(town: Town, who: Person) -> None:
    """Give the last purchases back, whole."""
    for bought in who.bought[-4:]:
        if bought.left:
            _refund(town, bought, bought.left, member=who.id)


def buy_as_guest(town: Town, _: Person | None = None) -> None:
    """Buy something without saying who one is; a few bring a part back before anybody claims it."""
    body = _a_purchase(town, None)
    told = town.earned("purchase of a guest", town.mall.till.post("/purchases", body))
    assert told is not None
    ticket = Ticket(
        told["claim_code"], told["points"], town.today, Bought(body, body["paid"]["amount"])
    )
    town.tickets.append(ticket)
    if town.chance(0.15, of="refund before a claim"):
        _refund(town, ticket.bought, ticket.bought.left // 2, member=None)


def claim(town: Town, who: Person) -> None:
    """Claim a guest's purchase: one that is open, one that is too old, or one that is taken."""
    if not town.tickets:
        return
    lately = town.tickets[-LATELY:]
    good = [one for one in lately if not one.is_used and one.on + CLAIM_WITHIN >= town.today]
    ticket = town.dice.choice(good if good and town.chance(0.7) else lately)
    body, key = {"claim_code": ticket.code}, town.key()
    reply = who.api.post("/me/claims", body, key=key)
    told = town.earned("claim", reply, "already_claimed", "claim_expired")
    if told is not None:
        assert not ticket.is_used, ticket
        town.sums.came(who.id, told["points"], "claims")
        ticket.is_used = True
        if town.chance(0.3, of="claim again"):
            town.refused(who.api.post("/me/claims", body, key=town.key()), "already_claimed")
        who.bought.append(ticket.bought)


def claim_too_late(town: Town, who: Person) -> None:
    """Claim the oldest receipt that nobody has claimed."""
    ticket = next(one for one in town.tickets if not one.is_used)
    reply = who.api.post("/me/claims", {"claim_code": ticket.code}, key="too-late")
    town.refused(reply, "claim_expired")


def quote(town: Town, who: Person) -> None:
    """Ask what a purchase would earn; the purchase that follows earns as much."""
    body = _a_purchase(town, who.id)
    asked = {name: body[name] for name in body if name != "purchase_id"}
    quoted = town.earned("quote", town.mall.till.post("/earn/quote", asked))
    told = town.earned("purchase", town.mall.till.post("/purchases", body))
    assert quoted is not None
    assert told is not None
    assert quoted["points"] == told["points"], (quoted, told)
    town.sums.came(who.id, told["points"], "purchases")
    who.bought.append(Bought(body, body["paid"]["amount"]))


def _refund(town: Town, bought: Bought, amount: int, *, member: str | None) -> None:
    bought.back += 1
    name = bought.body["purchase_id"]
    path = f"/purchases/{CHANNEL_NAME}/{name}/refunds"
    paid = {"amount": amount, "currency": "cny"}
    asked = {"refund_id": f"{name}-{bought.back}", "amount": paid}
    told = town.told("refund of a purchase", town.mall.till.post(path, asked))
    assert told is not None
    bought.left -= amount
    if member is not None:
        town.sums.came(member, -told["points_clawed_back"], "clawed back")
        town.counts["refund into debt"] += told["debt"] > 0
    if town.chance(0.25, of="refund twice"):
        again = town.mall.till.post(path, asked)
        assert (again.status, again.json) == (200, told), again.text
        town.counts["refund reported twice"] += 1


def _a_purchase(town: Town, member: str | None) -> dict[str, Any]:
    fen = town.dice.choice([town.dice.randint(500, 30_000), town.dice.randint(30_000, 120_000)])
    body: dict[str, Any] = {
        "channel": CHANNEL_NAME,
        "purchase_id": f"p-{next(town.mall.numbers)}",
        "member_id": member,
        "paid": {"amount": fen, "currency": "cny"},
    }
    if town.chance(0.4):
        category = town.dice.choice(CATEGORIES)
        body["lines"] = [{"sku": category, "category": category, "quantity": 1, "amount": fen}]
    if town.chance(YESTERDAY, of="yesterday"):
        body["occurred_at"] = rfc3339(town.now - timedelta(hours=town.dice.randint(12, 30)))
        town.counts["purchase of yesterday"] += 1
    return body
