"""Corruptions of members: wallets, journals, and what is personal."""

from __future__ import annotations

from typing import Any, Final

from tests import invariants as whole
from tests import invariants_ledger as ledger
from tests.mall import id_of
from tests.vandalism import Plants, alter, change, drop, items, m, n, put, remove, s, strip

ENROLLED, BOUGHT, BOUGHT_AGAIN, REFUNDED, REDEEMED, EXPIRED = range(6)
"""The entries of lin's journal."""


def entry(of: int, **columns: dict[str, Any]) -> None:
    change("entry", of, "lin", **columns)


def wallet(**columns: dict[str, Any]) -> None:
    change("wallet", 0, "lin", **columns)


PLANTS: Final[Plants] = {
    "an item of no shape": (
        whole.every_item_has_a_known_shape,
        lambda: put({"p": {"S": "what"}, "s": {"S": "ever"}}),
    ),
    "an item of more than 1 KB": (
        whole.items_are_small,
        lambda: wallet(x={"S": "x" * 1000}),
    ),
    "a profile without a wallet": (
        whole.members_are_whole,
        lambda: drop("wallet", member="ana"),
    ),
    "a claim of another phone": (
        whole.members_are_whole,
        lambda: alter(items("profile", "lin")[0], t=s("+8613800000009")),
    ),
    "a phone that nobody claims": (whole.members_are_whole, lambda: drop("phone")),
    "a name in the journal": (
        whole.personal_data_stays_at_home,
        lambda: entry(BOUGHT, q={"S": "till/林小雨"}),
    ),
    "a mail address in the audit log": (
        whole.personal_data_stays_at_home,
        lambda: put(
            items("audit")[0]
            | {"s": {"S": "2026-11-21#00000000"}, "u": {"S": id_of("ana")}, "w": {"S": "x"}}
            | {"a": {"S": '["ana@example.test"]'}}
        ),
    ),
    "a phone in a key": (
        whole.personal_data_stays_at_home,
        lambda: put({"p": {"S": "tries#resolve#+8613800000001"}, "s": {"S": "T"}}),
    ),
    "an address's phone in an order": (
        whole.personal_data_stays_at_home,
        lambda: change("order", 0, "lin", fu={"S": "to 8613800000002"}),
    ),
    "a negative balance": (
        ledger.nothing_in_a_wallet_is_negative,
        lambda: wallet(a=n(-1)),
    ),
    "negative held points": (
        ledger.nothing_in_a_wallet_is_negative,
        lambda: wallet(h=n(-1)),
    ),
    "a negative debt": (ledger.nothing_in_a_wallet_is_negative, lambda: wallet(o=n(-1))),
    "a date without points": (
        ledger.nothing_in_a_wallet_is_negative,
        lambda: wallet(d=m(_310331=10, _310430=0)),
    ),
    "a balance that is not its dates": (
        ledger.balances_are_sums_of_dates,
        lambda: wallet(a=n(11)),
    ),
    "73 dates": (
        ledger.balances_are_sums_of_dates,
        lambda: wallet(
            a=n(73), d=m(**{f"_{30 + month // 12}{month % 12 + 1:02}01": 1 for month in range(73)})
        ),
    ),
    "points beside a debt": (ledger.balances_are_sums_of_dates, lambda: wallet(o=n(1))),
    "points of a date that was merged": (
        ledger.balances_are_sums_of_dates,
        lambda: wallet(g=m(_310402=3)),
    ),
    "a date that was merged into two": (
        ledger.balances_are_sums_of_dates,
        lambda: wallet(g=m(_310330=3, _310329=3)),
    ),
    "a wallet without a journal": (
        ledger.journals_make_the_wallets,
        lambda: drop("entry", member="ana", of=-1),
    ),
    "a journal without a wallet": (
        ledger.journals_make_the_wallets,
        lambda: drop("wallet", member="ana"),
    ),
    "a missing entry": (
        ledger.journals_make_the_wallets,
        lambda: drop("entry", member="lin", of=BOUGHT_AGAIN),
    ),
    "an entry rewritten": (
        ledger.journals_make_the_wallets,
        lambda: entry(BOUGHT, q={"S": "till/another"}),
    ),
    "an entry's own hash": (
        ledger.journals_make_the_wallets,
        lambda: entry(EXPIRED, h={"B": b"0" * 32}),
    ),
    "a broken chain": (
        ledger.journals_make_the_wallets,
        lambda: entry(REDEEMED, ph={"B": b"0" * 32}),
    ),
    "a frozen flag that no entry set": (
        ledger.journals_make_the_wallets,
        lambda: wallet(z={"BOOL": True}),
    ),
    "an exemption that no entry set": (
        ledger.journals_make_the_wallets,
        lambda: wallet(e={"S": "2030-01-01"}),
    ),
    "a wallet one version ahead": (ledger.journals_make_the_wallets, lambda: wallet(v=n(7))),
    "a wallet that the index has forgotten": (
        ledger.wallets_are_looked_after_in_time,
        lambda: strip(items("wallet", "lin")[0], "wa"),
    ),
    "a wallet that is looked after too late": (
        ledger.wallets_are_looked_after_in_time,
        lambda: wallet(wa=s(f"2031-04-02#{id_of('lin')}")),
    ),
    "a wallet whose first reminder is skipped": (
        ledger.wallets_are_looked_after_in_time,
        lambda: wallet(wa=s(f"2031-03-02#{id_of('lin')}")),
    ),
    "a wallet that the index has under another name": (
        ledger.wallets_are_looked_after_in_time,
        lambda: wallet(wa=s(f"2031-03-01#{id_of('mei')}")),
    ),
    "a wallet in another shard of the index": (
        ledger.wallets_are_looked_after_in_time,
        lambda: wallet(wk=s("wallet#9")),
    ),
    "legs that do not sum to 0": (
        ledger.the_books_balance,
        lambda: entry(BOUGHT, g=m(I=-500, A=501)),
    ),
    "a transfer from nobody": (
        ledger.the_books_balance,
        lambda: entry(BOUGHT, g=m(T=-500, A=500)),
    ),
    "a wallet that is not in the books": (ledger.the_books_balance, lambda: wallet(a=n(11))),
    "a redemption from the later date": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(REDEEMED, d=m(_281231=-200)),
    ),
    "a redemption that takes both dates": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(REDEEMED, d=m(_281130=-100, _281231=-100)),
    ),
    "a redemption after the date": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(REDEEMED, a=n(1_900_000_000_000_000)),
    ),
    "points that outlive their date": (
        ledger.redemptions_take_the_soonest,
        lambda: entry(EXPIRED, d=m(_281130=-199, _310331=10)),
    ),
    "a correction that the log does not have": (
        ledger.adjustments_are_in_the_audit_log,
        lambda: remove(items("audit", w="member.adjust")[0]),
    ),
    "a correction of other points": (
        ledger.adjustments_are_in_the_audit_log,
        lambda: alter(
            items("audit", w="member.adjust")[0], a=s('{"points":51,"reason":"Miscounted."}')
        ),
    ),
    "a correction without a reason": (
        ledger.adjustments_are_in_the_audit_log,
        lambda: alter(items("audit", w="member.adjust")[0], a=s('{"points":50,"reason":""}')),
    ),
    "a correction that is only in the log": (
        ledger.adjustments_are_in_the_audit_log,
        lambda: alter(items("entry", "mei", k="adjustment")[0], k=s("purchase")),
    ),
}
