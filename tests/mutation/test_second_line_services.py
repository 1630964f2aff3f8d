"""What the busiest use cases write, each in a transaction of its own: no piece of it is missing.

Nearly every test runs them, and few of the fastest ones look at all that is written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

import pytest

from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import DOCUMENT as CATALOG
from chalicelib.catalog.rewards.model import Limit, Per
from chalicelib.gateways.payments.account import payments
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.money import Money
from chalicelib.ledger.members import service as members
from chalicelib.ledger.members.model import Enrolment
from chalicelib.ledger.wallets import service as wallets
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.model import DEFAULTS, DOCUMENT, Wanted
from chalicelib.redeem.checkout import service as checkout
from chalicelib.redeem.checkout.model import Ask
from chalicelib.redeem.orders.model import Address
from chalicelib.storage.head import read_head
from chalicelib.storage.work import Work
from chalicelib.tiers.amending import service as amending
from chalicelib.tiers.earning import service as earning
from chalicelib.tiers.earning.model import Sale
from tests.books import plain
from tests.builders import NOW, REWARD_ID, SOON, a_plan, a_reward
from tests.mutation.plans import columns
from tests.rows import everything

NOW_ON: Final = Work(NOW)
MUG: Final = a_reward(stock=a_plan(units=5, peak=1, shards=0), limits=(Limit(Per.EVER, 3),))
ADDRESS: Final = Address("林", "+8613800000001", "南京西路 1 号", "上海", "CN")


IN_THE_LOG: Final = Counter({rfc3339(NOW): 9})
"""Rows of the log, whose sort keys begin with their instant: more than any test writes."""


def written() -> Counter[str]:
    """Return how many items there are of each kind, by what their sort keys begin with."""
    return Counter(row["s"]["S"].partition("#")[0] for row in everything())


def deeds() -> list[str]:
    """Return what the audit log says, in the order of the alphabet."""
    return sorted(plain(row["w"]) for row in everything() if row["p"]["S"].startswith("audit"))


def listed() -> None:
    rewards.create(NOW_ON, MUG, by="op", fingerprint=b"f")


def enrolled(phone: str = "+8613800000001") -> str:
    told = Enrolment(phone=phone)
    return members.enrol_by_operator(NOW_ON, told, subject=None, by="op").profile.member_id


@pytest.mark.usefixtures("table")
def test_a_reward_comes_with_its_units_the_catalogs_version_and_a_word_in_the_log() -> None:
    listed()
    assert written() - IN_THE_LOG == Counter(HEAD=1, R=1, S=1)
    assert deeds() == ["reward.create"]
    assert read_head(NOW_ON).version(CATALOG) == 1
    rewards.change(NOW_ON, MUG, by="op")
    assert deeds() == ["reward.change", "reward.create"]
    assert read_head(NOW_ON).version(CATALOG) == 2


@pytest.mark.usefixtures("table")
def test_settings_come_with_their_version_and_a_word_in_the_log() -> None:
    amending.change(NOW_ON, Wanted(DEFAULTS, "op", b"f"))
    assert deeds() == ["program.change"]
    assert read_head(NOW_ON).version(DOCUMENT) == 1
    assert documents.present(NOW_ON).version == 1


@pytest.mark.usefixtures("table")
def test_a_member_comes_with_a_phone_a_wallet_an_entry_and_a_word_in_the_log() -> None:
    enrolled()
    assert written() - IN_THE_LOG == Counter(HEAD=1, J=1, M=1, P=1, W=1)
    assert deeds() == ["member.enrol"]
    assert read_head(NOW_ON).zone_fixed


@pytest.mark.usefixtures("table")
def test_whatever_is_done_to_a_wallet_is_in_its_journal() -> None:
    member_id = enrolled()
    wallets.set_frozen(NOW_ON, member_id, frozen=True, by="op", reason="r")
    assert deeds() == ["member.enrol", "member.freeze"]
    wallets.exempt(NOW_ON, member_id, until=SOON)
    audited = wallets.audit(NOW_ON, member_id)
    assert (audited.faults, audited.entries) == ((), 3)


@pytest.mark.usefixtures("table")
def test_a_purchase_comes_with_its_points_and_an_order_with_all_that_it_takes() -> None:
    member_id = enrolled()
    listed()
    settings = replace(DEFAULTS, channels={"till": "store-1"})
    amending.change(NOW_ON, Wanted(settings, "op", b"f"))
    before = written()
    sale = Sale("store-1", "p-1", member_id, Money(100_000, "cny"), None)
    earning.report(NOW_ON, sale, client="till", fingerprint=b"f")
    assert written() - before == Counter(J=1, P=1)
    before = written()
    request = checkout.Request(member_id, "POST /orders", "k", b"f")
    checkout.place(NOW_ON, payments(), request=request, ask=Ask(REWARD_ID, 0, 1, ADDRESS))
    assert written() - before == Counter(A=1, J=1, L=1, O=1)
    assert columns((member_id, "W"), "a") == {"a": 900}
    assert columns((f"{REWARD_ID}#0", "S"), "f") == {"f": 4}
