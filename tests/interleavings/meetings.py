"""Which requests meet: every two of a group, every request with itself sent twice, a few threes.

A group shares one thing. A new use case is one line: it then meets everybody of its group.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.interleavings import activity_cases as activity
from tests.interleavings import desk_cases as desk
from tests.interleavings import ending_points
from tests.interleavings import leaving_cases as leaving
from tests.interleavings import use_cases as use
from tests.interleavings.actors import Stage
from tests.interleavings.scene import Scene
from tests.interleavings.scheduler import Scheduler
from tests.interleavings.use_cases import Prepare

GROUPS: Final[Mapping[str, Mapping[str, Prepare]]] = {
    "a wallet": {
        "place": use.place,
        "place once a day": use.place_once_a_day,
        "purchase": use.purchase,
        "refund of a purchase": use.refund_purchase,
        "claim": use.claim,
        "cancel": use.cancel,
        "refund of an order": use.refund_order,
        "approve": use.approve,
        "reject": use.reject,
        "give points": use.give,
        "take points back": use.take_back,
        "freeze": use.freeze,
        "exempt": use.exempt,
        "verify": use.verify,
    },
    "a day's activities": {
        "check in": activity.check_in,
        "review": activity.review,
        "share": activity.share,
        "share the same": activity.share_the_same,
        "hear of a friend": activity.hear_of_a_friend,
    },
    "a referral": {
        "hear of it": activity.hear_of_the_friend,
        "return and hear": activity.return_and_hear,
    },
    "a referral that went back": {"hear of it": activity.hear_of_the_return},
    "a wallet past a last day": ending_points.cases(ending_points.PAST),
    "a wallet on a day to remind": ending_points.cases(ending_points.TO_REMIND),
    "a correction": {"approve": desk.approve, "reject": desk.reject},
    "a day's corrections": {"give alone": desk.give_alone},
    "a fact": {"hear": desk.hear},
    "a notice that waits": {"send": desk.send_held, "hear again": desk.hear},
    "wishes": {"by SMS": desk.wish_sms, "no reminders": desk.wish_no_reminders},
    "a budget": {"buy": desk.buy, "cut": desk.cut},
    "a purchase": {
        "refund": use.refund_guests,
        "claim": use.claim,
        "claim by another": use.claim_by_may,
        "report again": use.report_guests,
    },
    "a purchase reported by two": {
        "one": use.report_as_lins,
        "another": use.report_as_mays,
    },
    "an order": {
        "cancel": use.cancel_bought,
        "refund": use.refund_bought,
        "refund of one unit": use.refund_one_bought,
        "send": use.send_bought,
        "place another": use.buy_more,
    },
    "an order in review": {
        "approve": use.approve,
        "reject": use.reject,
        "cancel": use.cancel_waiting,
    },
    "an order past its deadline": {
        "time-out": use.time_out,
        "approve": use.approve,
        "cancel": use.cancel_waiting,
    },
    "an order of a code": {
        "fetch": use.fetch,
        "cancel": use.cancel_fetchable,
        "refund": use.refund_fetchable,
    },
    "counted stock": use.OfStock("cups").cases(),
    "numbered stock": use.OfStock("prints").cases(),
    "codes": use.OfStock("vouchers").cases(),
    "a new member": {
        "enrol": use.enrol,
        "enrol somebody else": use.enrol_first,
        "enrol at a till": use.enrol_at_till,
    },
    "the program": {
        "settings": use.change_settings,
        "create a reward": use.create_reward,
        "enrol": use.enrol_first,
        "purchase": use.purchase,
        "place": use.place,
    },
}
"""What shares what."""


UNORDERED: Final = frozenset({"a budget"})
"""Where the invariants are all there is to hold: a budget is taken from before a purchase is booked
and what is not needed is given back, so that two may take in one order and be booked in the other.
"""
LEAVING: Final[Mapping[str, Prepare]] = {
    "place": leaving.place,
    "tell of a parcel": leaving.tell,
    "wish": leaving.wish,
    "be told": leaving.be_told,
}
"""Who meets somebody who leaves; among themselves they meet elsewhere."""

THREES: Final = (
    ("a wallet", "place", "purchase", "refund of a purchase"),
    ("a wallet", "place", "cancel", "freeze"),
    ("a purchase", "refund", "claim", "claim by another"),
    ("an order", "cancel", "refund of one unit", "send"),
    ("counted stock", "place two", "cancel", "place"),
    ("numbered stock", "place two", "cancel", "place"),
    ("codes", "place two", "refund", "withdraw"),
)
"""Three that meet: what two cannot do to each other, a third one may let them."""
PREEMPTIONS_OF_THREES_MAX: Final = {"codes": 3}
"""Only where every three meet that there are: imports take too many steps for all interleavings."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Requests that meet. `are_twins`: one request, sent twice.

    `is_ordered`: it has to end as one after the other would.
    """

    name: str
    prepares: tuple[Prepare, ...]
    are_twins: bool = False
    preemptions_max: int | None = None
    is_ordered: bool = True

    def prepared(self, stage: Stage) -> Scheduler:
        """Return the requests at the start, on a fresh scene."""
        stage.reset()
        with stage.rehearsal():
            stage.mall.open()
            scene = Scene(stage.mall)
            sends = [prepare(scene) for prepare in self.prepares]
        return Scheduler(stage, sends * 2 if self.are_twins else sends)


def meetings(*, every_three: bool = False) -> dict[str, Meeting]:
    """Return who meets, by name; with a few threes or with every three of each group."""
    found = [one for shared, group in GROUPS.items() for one in _twos(shared, group)]
    for name, both in ending_points.leaving().items():
        found.append(Meeting(f"a member who leaves: {name}, erase", both))
    found += list(_leaving())
    for shared, group in GROUPS.items():
        chosen = [tuple(names) for of, *names in THREES if of == shared]
        bound = PREEMPTIONS_OF_THREES_MAX.get(shared) if every_three else None
        for names in itertools.combinations(group, 3) if every_three else chosen:
            prepares = tuple(group[name] for name in names)
            told = f"{shared}: {', '.join(names)}"
            ordered = shared not in UNORDERED
            found.append(Meeting(told, prepares, preemptions_max=bound, is_ordered=ordered))
    return {meeting.name: meeting for meeting in found}


def _leaving() -> Iterator[Meeting]:
    for name, prepare in LEAVING.items():
        yield Meeting(f"a member who leaves: {name}", (leaving.leave, prepare))


def _twos(shared: str, group: Mapping[str, Prepare]) -> Iterator[Meeting]:
    ordered = shared not in UNORDERED
    for one, other in itertools.combinations_with_replacement(group, 2):
        both = (group[one], group[other])
        yield Meeting(f"{shared}: {one}, {other}", both, is_ordered=ordered)
    for one, prepare in group.items():
        told = f"{shared}: {one}, the same again"
        yield Meeting(told, (prepare,), are_twins=True, is_ordered=ordered)
