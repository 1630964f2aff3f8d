"""What must hold over the whole table, whatever happened before.

    check_all(work)     raises AssertionError, with every fault in words
    snapshot(work)      bytes: equal when nothing was written in between

Each invariant is a function that takes the books and yields its faults; `INVARIANTS` has all.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Final

from chalicelib.kernel.ids import base62, keyed_digest
from chalicelib.settings import settings
from chalicelib.storage.work import Work
from tests import invariants_activities as activities
from tests import invariants_campaigns as campaigns
from tests import invariants_cash as cash
from tests import invariants_desk as desk
from tests import invariants_disputes as disputes
from tests import invariants_events as events
from tests import invariants_ledger as ledger
from tests import invariants_limits as limits
from tests import invariants_orders as orders
from tests import invariants_outreach as outreach
from tests import invariants_privacy as privacy
from tests import invariants_program as program
from tests import invariants_referrals as referrals
from tests import invariants_stock as stock
from tests import invariants_trade as trade
from tests.books import Books, Faults, Row, read_books, scan, size_of, texts_in

BYTES_MAX: Final = 1024
"""One write unit."""
LONGER_SHAPES: Final = frozenset(
    {"reward", "campaign", "document", "audit", "address", "import", "chunk", "parked"}
)
"""Texts that people write, and what the log keeps of them."""
PERSONAL_SHAPES: Final = frozenset({"profile", "address"})
PUBLIC_SHAPES: Final = frozenset({"reward", "campaign", "document"})
TELLING_CHARS: Final = 6
"""Shorter words in ASCII may stand in an id by chance; these are only compared whole."""

Invariant = Callable[[Books], Faults]


def check_all(work: Work) -> None:
    """Raise AssertionError with every fault of the table in words."""
    faults = faults_in(read_books(work))
    assert not faults, "\n".join(faults)


def faults_in(books: Books) -> list[str]:
    """Return every fault of a table that was read."""
    return [fault for invariant in INVARIANTS for fault in invariant(books)]


def snapshot(_work: Work) -> bytes:
    """Return the whole table as bytes, wrong tries left out: only those may a refusal write."""
    kept = [item for item in scan() if not item["p"]["S"].startswith("tries#")]
    return json.dumps(kept, sort_keys=True, default=_base64).encode()


def every_item_has_a_known_shape(books: Books) -> Faults:
    """Nothing lies in the table that no shape accounts for."""
    for row in books.of(""):
        yield f"nobody knows what {row['p']} / {row['s']} is"


def items_are_small(books: Books) -> Faults:
    """An item is one write unit, unless people write its text."""
    for shape in books.rows.keys() - LONGER_SHAPES:
        for row in books.of(shape):
            size = sum(len(name) + size_of(value) for name, value in row.items())
            if size > BYTES_MAX:
                yield f"{row['p']} / {row['s']} has {size} bytes"


def members_are_whole(books: Books) -> Faults:
    """Every profile has a wallet, and each phone one claim by its member."""
    claimed = {row["p"]: row["m"] for row in books.of("phone")}
    phoned = {_phone(row["t"]): row["p"] for row in books.of("profile") if row.get("t")}
    if claimed != phoned:
        yield "the claims of phones are not those of the profiles"
    whole, held = ({row["p"] for row in books.of(shape)} for shape in ("profile", "wallet"))
    yield from (f"{name} has a profile and no wallet" for name in sorted(whole - held))


def personal_data_stays_at_home(books: Books) -> Faults:
    """What is personal stands in profiles and addresses, and nowhere else: not in a key either."""
    told = [(row, list(texts_in(where))) for row, where in _elsewhere(books)]
    # One look for each word over all texts at once finds the few that deserve one at each text.
    everything = "\n".join(text for _, texts in told for text in texts)
    suspects = {word for word in _personal(books) if word.lstrip("+") in everything}
    for row, texts in told if suspects else []:
        if any(_tells(text, secret) for text in texts for secret in suspects):
            yield f"{row['p']} / {row['s']} tells something personal"


def _elsewhere(books: Books) -> Iterator[tuple[Row, Row]]:
    """Yield the items where nothing personal may stand, each with that part of it."""
    for shape in books.rows.keys() - PUBLIC_SHAPES:
        for row in books.of(shape):
            if shape == "audit" and not str(row["u"]).startswith("mem_"):
                continue
            yield row, row if shape not in PERSONAL_SHAPES else {"p": row["p"], "s": row["s"]}


def _phone(number: str) -> str:
    """Return the partition in which a number is claimed."""
    told = keyed_digest(settings().secret, purpose="phone", message=number)
    return f"phone#{base62(int.from_bytes(told, 'big'), 22)}"


def _personal(books: Books) -> Iterator[str]:
    for row in books.of("profile"):
        yield from (row[column] for column in "netb" if row.get(column))
    for row in books.of("address"):
        told = json.loads(row["b"])
        yield from (told[name] for name in ("name", "phone", "line1", "line2") if told[name])


def _tells(text: str, secret: str) -> bool:
    if secret.isascii() and len(secret) < TELLING_CHARS:
        return text == secret
    return secret in text or secret.lstrip("+") in text


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


INVARIANTS: Final[tuple[Invariant, ...]] = (
    every_item_has_a_known_shape,
    items_are_small,
    members_are_whole,
    personal_data_stays_at_home,
    ledger.nothing_in_a_wallet_is_negative,
    ledger.balances_are_sums_of_dates,
    ledger.journals_make_the_wallets,
    ledger.wallets_are_looked_after_in_time,
    ledger.the_books_balance,
    ledger.redemptions_take_the_soonest,
    ledger.adjustments_are_in_the_audit_log,
    desk.corrections_are_made_when_approved,
    desk.nobody_decides_alone,
    desk.decisions_are_in_the_audit_log,
    desk.what_one_person_moves_alone_is_counted,
    trade.nothing_counted_is_negative,
    trade.purchases_and_entries_agree,
    trade.claim_codes_name_purchases,
    trade.refunds_and_entries_agree,
    trade.refunds_make_what_went_back,
    campaigns.purchases_are_worth_what_they_were_judged,
    campaigns.campaigns_give_what_their_terms_say,
    campaigns.budgets_pay_for_what_is_given,
    campaigns.caps_count_what_is_given,
    campaigns.versions_follow_each_other,
    activities.check_ins_are_worth_what_the_settings_say,
    activities.streaks_are_runs_of_check_ins,
    activities.what_is_done_and_entries_agree,
    activities.tasks_are_counted_within_their_caps,
    activities.evidence_counts_once,
    activities.counters_are_kept_for_a_while,
    referrals.referrals_are_paid_once,
    referrals.referrals_are_taken_back_where_due,
    referrals.purchases_name_who_was_paid,
    referrals.newcomers_are_known_again,
    referrals.referrals_are_counted_within_their_cap,
    orders.orders_and_entries_agree,
    orders.orders_hold_what_did_not_come_back,
    orders.what_comes_back_keeps_its_dates,
    orders.refunds_make_what_came_back,
    orders.deeds_at_the_desk_are_in_the_log,
    limits.limits_count_orders,
    limits.addresses_belong_to_orders,
    cash.what_is_given_was_paid,
    cash.cash_comes_back_in_the_proportion_paid,
    cash.refunds_wait_until_their_cash_is_back,
    cash.orders_with_cash_are_found_by_time,
    cash.wishes_are_carried_out_once,
    events.events_are_whole,
    disputes.disputes_are_of_payments,
    disputes.disputes_and_entries_agree,
    disputes.only_what_was_used_or_went_back_twice_is_taken,
    disputes.lost_disputes_leave_only_what_was_used,
    disputes.what_paid_a_debt_is_told,
    stock.stock_adds_up,
    stock.units_have_their_owners,
    stock.numbers_are_made_and_withdrawn_by_somebody,
    stock.codes_exist_once,
    stock.codes_are_sealed,
    stock.imports_make_the_codes,
    stock.imports_keep_no_codes,
    outreach.notices_wait_or_are_over,
    outreach.notices_are_tried_a_few_times,
    outreach.notices_tell_what_happened,
    outreach.reminders_come_once_a_day,
    outreach.wishes_are_whole,
    outreach.parked_records_are_whole,
    program.the_head_names_what_is_there,
    program.longer_validities_follow_from_the_settings,
    privacy.nothing_personal_is_left_of_the_erased,
    privacy.nothing_more_goes_to_the_erased,
    privacy.nothing_is_left_to_the_erased,
)
AT_REST: Final = frozenset({privacy.nothing_more_goes_to_the_erased})
"""What holds when nobody is in the middle of something; every other holds after each write."""
