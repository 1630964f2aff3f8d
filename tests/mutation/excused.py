"""Mutants that change nothing anybody can see, each with the reason.

`EXCUSED` are mutants of stores, by name. `REASONS` are mutants of rules that mutmut makes, by a
pattern of `module.function: before => after`, so that they are found again when others come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXCUSED: Final[Mapping[str, str]] = {
    "chalicelib.tiers.campaigns.store:take_budget: BudgetItem.mark.does_not_exist() |"
    " (BudgetItem.mark != mark): without the first alternative": (
        "a mark that is not there is not this one either"
    ),
    "chalicelib.catalog.units.store:exhaust: DispenserItem.upcoming < plan.made: weaker by one": (
        "sets what is there already"
    ),
    "chalicelib.catalog.codes.store:save: ImportItem.state == State.RUNNING.value: or later": (
        "no state comes after `running` in the alphabet"
    ),
}

REASONS: Final[Mapping[str, str]] = {
    r"assert .*=> assert": "the words of an assertion, which only we read",
    r"_take_soonest: .*spending more|gathered: .*gathering more": "words that only we read",
    r"whole_units: .*//": "below 10¹² a division by 100 or 1,000 rounds alike either way",
    r"hint_of: .*LOW_PERCENT // 100": "whole numbers: at most a fraction is at most its floor",
    r"=> .*float\(\"INF\"\)": "the same number",
    r"from_bytes\(.*, \"big\"\).* => .*, \)": "`big` is what Python takes when nobody says",
    r"(fingerprint_of|journal.rules.seal): .*XX:XX": "a list has no colons",
    r"unseal: .*\+len\(cursor\) % 4": "base64 takes more padding than it needs, never less",
    r"new_wallet: .*Wallet\(member_id, 0, (None|1)": "`close` counts the points that there are",
    r"new_wallet: .*Posting\(empty, None\)": "an empty wallet has no date to hold against a day",
    r"claw_back: .*\(own_date\) or True": "no lot has no date",
    r"Posting.close: b\"\",": "`seal` puts the hash in its place",
    r"returns.rules.against: .*None\)": "whoever asks only asks whether there is a reason",
    r"counters_of: .*key_of\(None": "only the other half of the key is used",
}
