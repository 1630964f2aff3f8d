"""What campaigns were in force, and what they have given.

    program / D#campaigns#n     one version of the set of all that had not ended, immutable
    id / N                      a campaign's budget: what was taken from it, and what is left
    member / Y#id#period        how many points a campaign gave a member in a period of its cap

A set holds whole campaigns, so judging a purchase of any day reads one item.

A budget is taken from outside of transactions: nobody who buys conflicts with anybody over it. What
is left stands on the counter itself, where each edit puts it, so it binds whoever takes at that
instant, by whichever version of the campaign they judge. It is taken before what it pays for is
written, so a crash in between leaves points that nobody gets; never the other way round.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Final

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.kernel.errors import Contended, Unavailable
from chalicelib.storage.dates import told_period
from chalicelib.storage.reads import Range, fetch, query_all
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem, code_of, is_transient
from chalicelib.storage.transaction import UNCLEAR, Mistaken, Transaction
from chalicelib.storage.work import Patience, Work
from chalicelib.tiers.campaigns.model import DOCUMENT, Budget, Campaign, CampaignSet, GivenTo
from chalicelib.tiers.campaigns.rules import as_json, from_json, period_of

REFUSED: Final = "ConditionalCheckFailedException"


class SetItem(Item):
    """One version of the set."""

    body = UnicodeAttribute(attr_name="b")


class BudgetItem(Item):
    """What was taken from a budget; what is left where there is one; the mark of the last taker.

    `version` is that of the campaign whose edit put what is left.
    """

    version = IntAttribute(attr_name="v")
    taken = IntAttribute(attr_name="n", null=True)
    left = IntAttribute(attr_name="l", null=True)
    mark = UnicodeAttribute(attr_name="k", null=True)


class CounterItem(Item):
    """Points that a campaign gave one member in a period."""

    points = IntAttribute(attr_name="n")


class CapFilled(Mistaken):
    """A member got more of a campaign meanwhile than the purchase was judged by."""


def budget_key(campaign_id: str) -> Key:
    """Return where a budget is counted."""
    return (campaign_id, "N")


def cap_key(member_id: str, campaign: Campaign, *, day: date) -> Key:
    """Return where it is counted what a campaign gave a member in the period of a day."""
    assert campaign.per_member is not None, campaign
    return (member_id, f"Y#{campaign.id}#{period_of(campaign.per_member.per, day)}")


def points_from(raw: RawItem | None) -> int:
    """Return the points that a counter's image holds; before the first there is no item."""
    return 0 if raw is None else CounterItem.read(raw).points


def budget_from(raw: RawItem | None) -> Budget:
    """Return the budget that an image holds; without an item there never was one."""
    if raw is None:
        return Budget()
    item = BudgetItem.read(raw)
    return Budget(item.taken or 0, item.left)


def given_to(work: Work, member_id: str) -> list[GivenTo]:
    """Return what campaigns with a cap gave a member, of periods long past too."""
    items = query_all(work, CounterItem, part=Range(member_id, "Y#"))
    named = ((item.sort.split("#"), item.points) for item in items)
    return [GivenTo(name, told_period(period), points) for (_, name, period), points in named]


def read_set(work: Work, version: int) -> CampaignSet:
    """Return a version of the set; the head names only versions that exist."""
    item = fetch(work, SetItem.named(*_set_key(version)))
    assert item is not None, version
    told = json.loads(item.body)
    campaigns = tuple(from_json(campaign) for campaign in told["campaigns"])
    return CampaignSet(version, datetime.fromisoformat(told["since"]), campaigns)


def put_set(tx: Transaction, campaigns: CampaignSet) -> None:
    """Add a version of the set. Already there: somebody else's, and the head has moved."""
    item = SetItem(*_set_key(campaigns.version), body=as_json(campaigns))
    tx.put(item, otherwise=lambda _: Contended())


def set_budget(tx: Transaction, campaign: Campaign) -> None:
    """Put what is left of a campaign's budget as it shall be; what was taken stays taken.

    Below nothing where more was taken. An older version never replaces what a newer one put; the
    campaign's own item, in the same transaction, sees to it first.
    """
    taken = BudgetItem.taken | 0
    left = BudgetItem.left
    action = left.remove() if campaign.budget is None else left.set(campaign.budget - taken)
    item = BudgetItem(*budget_key(campaign.id))
    tx.update(
        item,
        (action, BudgetItem.version.set(campaign.version)),
        condition=BudgetItem.version.does_not_exist() | (BudgetItem.version < campaign.version),
        otherwise=lambda _: Contended(),
    )


def take_budget(work: Work, campaign_id: str, *, points: int, mark: str) -> bool:
    """Take points from a budget, all of them or none; tell whether there were as many.

    `mark` is new with each taking. After an answer that was lost, it tells whether that one took
    them. Where somebody else has taken since, nobody can tell: as long as there is enough they are
    taken, perhaps once more, and else this raises `Unavailable`, because what is left may be less
    by our own taking.
    """
    item = BudgetItem(*budget_key(campaign_id))
    actions: list[Action] = [
        BudgetItem.left.add(-points),
        BudgetItem.taken.add(points),
        BudgetItem.mark.set(mark),
    ]
    new = BudgetItem.mark.does_not_exist() | (BudgetItem.mark != mark)
    patience, unclear = Patience(work), False
    while True:
        try:
            item.update(actions, (BudgetItem.left >= points) & new)
        except UpdateError as failure:
            if code_of(failure) == REFUSED:
                return unclear and _was_ours(work, campaign_id, mark=mark)
            if not is_transient(failure):
                raise
            unclear = unclear or code_of(failure) in UNCLEAR
        else:
            return True
        patience.again(Unavailable)


def return_budget(campaign_id: str, *, points: int) -> None:
    """Give points back that paid for nothing: to what is left, unless the budget was removed.

    Tried once: given back twice, they would be spent twice. What goes wrong costs the campaign.
    """
    item, less = BudgetItem(*budget_key(campaign_id)), BudgetItem.taken.add(-points)
    tries: tuple[tuple[list[Action], Condition], ...] = (
        ([BudgetItem.left.add(points), less], BudgetItem.left.exists()),
        ([less], BudgetItem.left.does_not_exist() & (BudgetItem.taken >= points)),
    )
    for actions, condition in tries:
        try:
            item.update(actions, condition)
        except UpdateError as failure:
            if code_of(failure) == REFUSED:
                continue
        return


def add_to_cap(tx: Transaction, key: Key, *, points: int, most: int) -> None:
    """Add points that a member gets of a campaign, as long as they stay within its cap."""
    room = CounterItem.points <= most - points
    tx.update(
        CounterItem(*key),
        (CounterItem.points.add(points),),
        condition=CounterItem.points.does_not_exist() | room,
        otherwise=lambda _: CapFilled(),
    )


def _was_ours(work: Work, campaign_id: str, *, mark: str) -> bool:
    """Tell that a taking whose answer was lost took; raise `Unavailable` where nobody knows."""
    item = fetch(work, BudgetItem.named(*budget_key(campaign_id)))
    if item is None or item.mark != mark:
        raise Unavailable
    return True


def _set_key(version: int) -> Key:
    return ("program", f"D#{DOCUMENT}#{version:012d}")
