"""The entries of the crash matrix: every operation of the app, who sends it, and what is masked.

A use case that writes is spoiled at every call, whatever stands here. Its recovery is spoiled at
every call as well (`TWICE`), which takes some hundred cells. Where a recovery is made of the same
calls as another entry's, which is named, one fault has to do (`ONCE`); where it is longer, a crash
behind every write of the recovery (`CRASHES`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests import crash_activities as active
from tests import crash_campaigns as campaigns
from tests import crash_cash as cash
from tests import crash_desk as desk
from tests import crash_disputes as disputes
from tests import crash_notices as notices
from tests import crash_orders as orders
from tests import crash_privacy as privacy
from tests import crash_requests as requests
from tests.crash_requests import Clients
from tests.crashes import CRASHES, ONCE, TWICE, Seconds, Send

Prepare = Callable[[Clients], Send]
Masks = tuple[tuple[str, str], ...]

VERSIONS: Final[Masks] = (
    (r'(version\\?)": ?[0-9]+', r"\1"),
    (r"D#program#[0-9]{12}", "D#program#"),
    (r'^"[0-9]+"$', "tag"),
)
"""What counts a document's versions, which all clients share."""
SHARED_UNITS: Final[Masks] = ((r'("(f|k)": {"N": )"[0-9]+"', r"\1"),)
"""Units of a reward that are left or taken, which all clients share; the invariants add them up."""
NUMBERS: Final[Masks] = (
    (r'{"N": "-?[0-9]+"}', "number"),
    (r'"(made|free|taken|balance)": [0-9]+', r"\1"),
    (r"J#[0-9]{12}", "J#"),
)
"""Of a member, a purchase or a reward that all clients share; the invariants add them up."""
WAKE: Final[Masks] = ((r"(review|payment|refund|cash)#[0-3]", r"\1#"),)
"""An order's shard of deadlines follows from its id."""
DRAWN: Final[Masks] = (
    (r'"numbers": \[[0-9, ]*\]', "numbers"),
    (r"#0(.*)U#[0-9]{6}", r"#0\1U#"),
    (r'"[0-9]+": {"N": "1"}', "unit"),
    (r'^{"n": {"N": "[0-9]+"}, "p": {"S": "rwd_"}, "s": {"S": "N"}}$', "dispenser"),
)
"""Which numbers a client gets: a draw whose answer was lost costs some, not units."""
PAYMENT: Final[Masks] = (*SHARED_UNITS, *WAKE, (r"\b(pi|re)_[0-9A-Za-z_]+", r"\1_"))
"""Which payment and refund of Stripe's an order has is the order's own."""
TOLD: Final[Masks] = (
    *PAYMENT,
    (r"\bevt_[0-9]+", "evt_"),
    (r"\b2026-11-2[0-9]T[0-9:.]+Z", "then"),
    (r'"1[0-9]{15}"', "then"),
    (r'"wallet#[0-9]"', "wallet#"),
)
"""Which event it is, and when: a message comes back after a while."""
DISPUTED: Final[Masks] = (*TOLD, (r"\bdu_[0-9A-Za-z]+", "du_"), (r'"disputed#[0-3]"', "shard"))
"""And which dispute of it."""
BRIEF: Final[Masks] = (
    (r"\bcmp_[0-9A-Za-z]{11}", "cmp_"),
    (r"\b2026-11-2[0-9]T[0-9:.]+(Z|\+00:00)", "then"),
    (r"D#campaigns#[0-9]{12}", "D#campaigns#"),
    (r'(version\\?)": ?[0-9]+', r"\1"),
)
"""Campaigns begin and end one after the other, and share the versions of their set."""
BUDGET: Final[Masks] = (
    (r'^{("[kln]": {"[NS]": "\w+"}, )+"p": {"S": "cmp_\w+"}, "s": {"S": "N"}, "v": .*$', "budget"),
)
"""What all clients spend of one budget, with what a crash costs it; the invariants add it up."""
CODES: Final[Masks] = ((r"CODE-[0-9]+", "CODE-"),)
"""The codes behind those numbers."""
UPLOADED: Final[Masks] = ((r"(code#)[0-9A-Za-z]{22}", r"\1"),)
"""Digests of codes are their reward's own."""
PARKED: Final[Masks] = ((r"prk_[0-9A-Za-z]{16}", "prk_"), (r"SequenceNumber[^0-9]*[0-9]+", "place"))
"""A parked record's id and place in the stream are its own."""
NOTICE: Final[Masks] = ((r'"(n|v|t)": {"N": "[0-9]+"}', r"\1"), (r"told-[0-9]+", "told-"))
"""How often a notice was tried, and when it was over: the clock goes on with each run."""
CLAIMED: Final[Masks] = (
    (r"(claim#)[0-9A-Za-z]{22}", r"\1"),
    (r'"claim_code": "[0-9A-Z]{16}"', "code"),
)
"""A claim code is its purchase's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A use case that writes: its route, the status of its request sent again, who sends it."""

    route: str
    again: int
    prepare: Prepare
    masks: Masks = ()
    seconds: Seconds = TWICE


ORDERS: Final = "POST /v1/orders"
CANCEL: Final = "POST /v1/orders/{id}/cancel"
REFUNDS: Final = "POST /v1/orders/{id}/refunds"
REVIEW: Final = "POST /v1/orders/{id}/review"
STOCK: Final = "POST /v1/admin/rewards/{id}/stock"
WITHDRAW: Final = "POST /v1/admin/rewards/{id}/stock/withdraw"
IMPORTS: Final = "POST /v1/admin/rewards/{id}/codes"
EXECUTE: Final = "POST /v1/admin/rewards/{id}/codes/{import}/execute"
CORRECTIONS: Final = "POST /v1/admin/adjustments"
PURCHASES: Final = "POST /v1/purchases"
PURCHASE_REFUNDS: Final = "POST /v1/purchases/{channel}/{purchase_id}/refunds"

WRITES: Final[Mapping[str, Entry]] = {
    "enrol": Entry("POST /v1/me", 200, requests.enrol),
    # No receipt: what was told stays as it is, as in "freeze".
    "tell more": Entry("POST /v1/me", 200, requests.tell_more, seconds=ONCE),
    "enrol at a till": Entry("POST /v1/members", 409, requests.enrol_at_till),
    "a wrong code": Entry("POST /v1/members/resolve", 404, requests.resolve_wrongly),
    "settings": Entry("PUT /v1/admin/program", 412, requests.change_program, VERSIONS),
    "create a reward": Entry("POST /v1/admin/rewards", 201, requests.create_reward),
    # One transaction that moves the head, no receipt: "settings".
    "edit a reward": Entry("PUT /v1/admin/rewards/{id}", 412, requests.edit_reward, seconds=ONCE),
    # One transaction whose first item is the receipt: "create a reward".
    "begin a campaign": Entry(
        "POST /v1/admin/campaigns", 201, campaigns.begin, BRIEF, seconds=ONCE
    ),
    # One transaction that moves the head, no receipt: "settings".
    "edit a campaign": Entry(
        "PUT /v1/admin/campaigns/{id}", 412, campaigns.edit, BRIEF, seconds=ONCE
    ),
    "add stock": Entry(STOCK, 200, requests.add_stock, NUMBERS),
    # "add stock", with the head among the items.
    "add shards": Entry(STOCK, 200, requests.add_stock_and_shards, seconds=ONCE),
    # "add stock": the same receipt and audit row, other conditions on the shards.
    "withdraw": Entry(WITHDRAW, 200, orders.withdraw, seconds=ONCE),
    "withdraw numbers": Entry(WITHDRAW, 200, orders.withdraw_numbers, seconds=ONCE),
    # One transaction whose first item is the receipt: "create a reward".
    "upload codes": Entry(IMPORTS, 201, orders.upload_codes, UPLOADED, seconds=ONCE),
    # Three transactions, each with a recovery of its own: it begins, puts codes, and closes.
    "import codes": Entry(EXECUTE, 200, orders.import_codes, UPLOADED, seconds=CRASHES),
    "purchase": Entry(PURCHASES, 200, requests.purchase),
    # "purchase", after a budget was taken outside of its transaction, with a cap inside.
    "purchase in a campaign": Entry(PURCHASES, 200, campaigns.buy, BUDGET, seconds=CRASHES),
    # "purchase", with the claim in the wallet's place.
    "guest purchase": Entry(PURCHASES, 200, orders.guest_purchase, CLAIMED, seconds=ONCE),
    "refund": Entry(PURCHASE_REFUNDS, 200, requests.refund, NUMBERS),
    # "refund", without a wallet.
    "refund unclaimed": Entry(PURCHASE_REFUNDS, 200, orders.refund_unclaimed, seconds=ONCE),
    # A receipt beside what it brings, as in "cancel"; told again, it looks the purchase up.
    "claim": Entry("POST /v1/me/claims", 201, orders.claim, CLAIMED, seconds=CRASHES),
    # "a wrong code".
    "a wrong claim": Entry("POST /v1/me/claims", 404, orders.claim_wrongly, seconds=ONCE),
    # "redeem".
    "check in": Entry(active.CHECK_INS, 201, active.check_in, active.CAME, seconds=CRASHES),
    "do a task": Entry(active.TASKS, 201, active.do_task, active.SHOWN, seconds=ONCE),
    "redeem": Entry(ORDERS, 201, requests.redeem, NUMBERS),
    # "redeem", with more items.
    "redeem to an address": Entry(
        ORDERS, 201, requests.redeem_to_an_address, SHARED_UNITS, seconds=ONCE
    ),
    "redeem into review": Entry(
        ORDERS, 201, orders.redeem_into_review, (*SHARED_UNITS, *WAKE), seconds=ONCE
    ),
    # "redeem", after hope was not enough.
    "redeem from shards": Entry(ORDERS, 201, requests.redeem_from_shards, NUMBERS, seconds=CRASHES),
    # "redeem", after a draw from the dispenser, or a look at blocks.
    "redeem numbers": Entry(ORDERS, 201, orders.redeem_numbers, DRAWN, seconds=CRASHES),
    "redeem the last numbers": Entry(ORDERS, 201, orders.redeem_the_last_numbers, seconds=CRASHES),
    "cancel": Entry(CANCEL, 200, orders.cancel, SHARED_UNITS),
    # From here to "reject" one transaction with a receipt on an opened order: "cancel".
    "cancel codes": Entry(CANCEL, 200, orders.cancel_codes, DRAWN, seconds=ONCE),
    "refund a part": Entry(REFUNDS, 201, orders.refund_part, SHARED_UNITS, seconds=ONCE),
    "refund seen codes": Entry(REFUNDS, 201, orders.refund_fetched_codes, DRAWN, seconds=ONCE),
    "approve": Entry(REVIEW, 200, orders.approve, SHARED_UNITS, seconds=ONCE),
    "reject": Entry(REVIEW, 200, orders.reject, SHARED_UNITS, seconds=ONCE),
    # "redeem", and then the payment is made and its id kept, as by any look.
    "redeem with cash": Entry(ORDERS, 201, cash.place_with_cash, PAYMENT, seconds=CRASHES),
    # "cancel", with Stripe asked first.
    "cancel what was not paid": Entry(CANCEL, 200, cash.cancel_unpaid, PAYMENT, seconds=ONCE),
    # "cancel", and one conditional write when Stripe has given the cash back.
    "cancel what was paid": Entry(CANCEL, 200, cash.cancel_paid, PAYMENT, seconds=ONCE),
    "refund cash": Entry(REFUNDS, 201, cash.refund_cash, PAYMENT, seconds=CRASHES),
    # One step, as "look too late".
    "look when it was paid": Entry(
        "GET /v1/admin/orders/{id}", 200, cash.look_when_paid, PAYMENT, seconds=ONCE
    ),
    # One put, which is its own receipt: "create a reward".
    "hear that it was paid": Entry(
        "POST /v1/webhooks/stripe", 200, cash.hear_that_it_was_paid, TOLD, seconds=ONCE
    ),
    # No receipt: what is so already is left as it is, as in "freeze".
    "fulfil": Entry("POST /v1/orders/{id}/fulfilment", 200, orders.fulfil, seconds=ONCE),
    # The same, and a read after it.
    "fetch codes": Entry(
        "POST /v1/orders/{id}/codes", 200, orders.fetch_codes, (*DRAWN, *CODES), seconds=ONCE
    ),
    # The compare-and-swap of "freeze" on what "cancel" writes.
    "look too late": Entry(
        "GET /v1/admin/orders/{id}", 200, orders.look_too_late, SHARED_UNITS, seconds=CRASHES
    ),
    # "redeem": it creates its own receipt, the wallet and its entry.
    "correct": Entry(CORRECTIONS, 201, desk.correct, desk.ALONE, seconds=CRASHES),
    # One transaction whose first item is the receipt: "create a reward".
    "propose": Entry(CORRECTIONS, 201, desk.propose, desk.CORRECTED, seconds=ONCE),
    # "cancel": one transaction with a receipt, on what was read.
    "approve a correction": Entry(
        f"{CORRECTIONS}/{{id}}/approve", 200, desk.approve, desk.CORRECTED, seconds=ONCE
    ),
    "reject a correction": Entry(
        f"{CORRECTIONS}/{{id}}/reject", 200, desk.reject, desk.CORRECTED, seconds=ONCE
    ),
    # No receipt: what is so already is left as it is, as in "freeze".
    "wish": Entry("PUT /v1/me/notices", 200, notices.wish, seconds=ONCE),
    # It takes away in steps, each for itself; who is gone is nobody when asking again.
    "erase": Entry("DELETE /v1/me", 401, privacy.erase, seconds=CRASHES),
    "ask for a replay": Entry(
        "POST /v1/admin/parked/{id}/replay", 200, notices.ask_for_a_replay, PARKED, seconds=ONCE
    ),
    "freeze": Entry("POST /v1/admin/members/{id}/freeze", 200, requests.freeze),
    # "freeze", the other way.
    "thaw": Entry("POST /v1/admin/members/{id}/thaw", 200, requests.thaw, seconds=ONCE),
}
"""Every use case that writes."""

JOBS: Final[Mapping[str, Entry]] = {
    # One wallet is swept, and the member of another reminded. The recovery is another run, whose
    # every call is spoiled in the first one.
    "expiry": Entry("", 200, orders.look_after_wallets, seconds=ONCE),
    # Orders are ended one after the other, each as by "look too late".
    "order-deadlines": Entry("", 200, orders.end_overdue_orders, SHARED_UNITS, seconds=ONCE),
    # The last step of "cancel what was paid".
    # Whatever dies leaves a lease, after which the job goes on.
    "held-notices": Entry("", 200, notices.send_held, NOTICE, seconds=ONCE),
    "unfinished-refunds": Entry("", 200, cash.finish_refunds, PAYMENT, seconds=ONCE),
}
"""Every job; whoever sends it is a scheduler, who runs a job again that failed."""
OF_A_DAY: Final = frozenset({"reconciliation"})
"""Jobs that look at all that happened in days, the work of other cells too. Their crashes, behind
every write and before every call to Stripe, are in `tests/api/test_reconciliation.py`."""

QUEUES: Final[Mapping[str, Entry]] = {
    # Claimed, and then the order's step with the event's end beside it.
    "stripe-events": Entry("", 200, cash.follow_an_event, TOLD, seconds=CRASHES),
}
"""Whatever works off a queue; whoever sends it is the queue, which hands a message out again."""

DISPUTES: Final[Mapping[str, Entry]] = {
    # "stripe-events", with another step in it.
    "a dispute opens": Entry("", 200, disputes.open_used, DISPUTED, seconds=ONCE),
    "a dispute is won": Entry("", 200, disputes.win_used, DISPUTED, seconds=ONCE),
    # It opens first.
    "a dispute is lost": Entry("", 200, disputes.lose_unheard, DISPUTED, seconds=ONCE),
}
"""What the queue's function does of disputes."""

QUESTIONS: Final[Mapping[str, Prepare]] = {
    "POST /v1/members/resolve": requests.resolve_rightly,
    "POST /v1/orders/quote": requests.quote_order,
    "POST /v1/earn/quote": requests.quote_purchase,
}
"""Operations that are no GET and write nothing, or nothing when all is well."""

MEMBERS_READ: Final = (
    "/me",
    "/me/code",
    "/me/wallet",
    "/me/expiries",
    "/me/export",
    "/me/journal",
    "/me/notices",
    *active.READ,
    "/me/catalog",
    "/orders",
    "/orders/{order}",
    "/catalog",
    "/rewards/{reward}",
)
OPERATORS_READ: Final = (
    "/admin/adjustments",
    "/admin/adjustments/{adjustment}",
    "/admin/audit",
    "/admin/parked",
    "/admin/program",
    "/admin/members/{member}",
    "/admin/members/{member}/wallet",
    "/admin/members/{member}/journal",
    "/admin/members/{member}/verify",
    "/admin/campaigns",
    "/admin/campaigns/{campaign}",
    "/admin/rewards",
    "/admin/rewards/{reward}",
    "/admin/rewards/{reward}/stock",
    "/admin/rewards/{reward}/codes",
    "/admin/rewards/{reward}/codes/{import}",
    "/admin/orders",
    "/admin/orders/{order}",
)
WITHOUT_TABLE: Final = frozenset({"GET /v1/health", "GET /v1/openapi.json"})  # No call to it.
