"""What rules say to the letter, and what they leave as it is: holes that mutants came through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from chalicelib.catalog.codes import rules as codes
from chalicelib.catalog.codes.model import Count, Import, State
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards.model import (
    Audience,
    Limit,
    Per,
    Standing,
    Taker,
    Window,
)
from chalicelib.catalog.rewards.rules import (
    NotEligible,
    NotRedeemableNow,
    refuse_not_eligible,
    refuse_not_redeemable,
    refuse_stock_change,
    refuse_unsuppliable,
)
from chalicelib.catalog.shelf.rules import locks_of
from chalicelib.catalog.stock.model import Hint, Mode, Shard, StockPlan
from chalicelib.catalog.stock.rules import grown, hint_of, planned, sampled, spread
from chalicelib.catalog.units.model import Block
from chalicelib.catalog.units.rules import WITHDRAWN, tally
from chalicelib.kernel.errors import InvalidFields
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.rules import recompute, seal
from chalicelib.ledger.members.rules import BIRTHDAY_MIN, refuse_birthday, till_code
from chalicelib.ledger.wallets.rules import new_wallet
from chalicelib.tiers.earning.model import Purchase, Return
from chalicelib.tiers.earning.rules import CurrencyNotSupported, fingerprint_of, refuse_currency
from tests.builders import MEMBER_ID, NOW, REWARD_ID, TODAY, a_plan, a_reward, what_is_left

COUNTED: Final = a_plan()
CODED: Final = StockPlan(REWARD_ID, Mode.CODED)
NUMBERED: Final = StockPlan(REWARD_ID, Mode.NUMBERED)
SAID: Final[dict[str, tuple[Callable[[], None], str, str, str]]] = {
    "another mode": (
        lambda: refuse_stock_change(COUNTED, replace(COUNTED, mode=Mode.UNLIMITED)),
        "/stock/mode",
        "cannot change after the reward is created",
        "奖励创建后不可更改",
    ),
    "other units": (
        lambda: refuse_stock_change(COUNTED, replace(COUNTED, units=1)),
        "/stock/units",
        "cannot change; add units instead",
        "不可更改，请追加库存",
    ),
    "codes without an import": (
        lambda: refuse_unsuppliable(replace(CODED, units=1)),
        "/stock/units",
        "codes come by import",
        "兑换码库存须通过导入添加",
    ),
    "too many numbers": (
        lambda: refuse_unsuppliable(replace(NUMBERED, units=100_001)),
        "/stock/units",
        "at most 100000 numbered units",
        "编号库存最多 100000 件",
    ),
    "a birthday to come": (
        lambda: refuse_birthday(TODAY, TODAY),
        "/birthday",
        f"not a day from {BIRTHDAY_MIN} up to yesterday",
        f"应为 {BIRTHDAY_MIN} 至昨天之间的日期",
    ),
}


class Last:
    """Dice that always show the highest."""

    def getrandbits(self, k: int, /) -> int:
        """Return nothing but ones."""
        return (1 << k) - 1

    def random(self) -> float:
        """Return almost 1."""
        return 0.999


@pytest.mark.parametrize("name", SAID)
def test_a_wrong_field_is_told_to_the_letter_in_both_languages(name: str) -> None:
    call, pointer, english, chinese = SAID[name]
    with pytest.raises(InvalidFields) as refused:
        call()
    assert refused.value.told("en") == {"errors": [{"pointer": pointer, "detail": english}]}
    assert refused.value.told("zh-CN") == {"errors": [{"pointer": pointer, "detail": chinese}]}


def test_as_many_numbers_as_there_may_be_and_a_pool_without_codes_are_fine() -> None:
    refuse_unsuppliable(replace(NUMBERED, units=100_000))
    refuse_unsuppliable(CODED)
    refuse_unsuppliable(replace(COUNTED, units=100_001))


def test_who_comes_outside_the_window_is_told_both_of_its_ends() -> None:
    window = Window(NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    with pytest.raises(NotRedeemableNow) as refused:
        refuse_not_redeemable(a_reward(redeemable=window), NOW)
    assert refused.value.facts == {
        "from": "2026-11-21T09:00:00Z",
        "until": "2026-11-21T10:00:00Z",
    }


def test_who_lacks_standing_is_told_which() -> None:
    asked = a_reward(audience=Audience(Standing.GOLD, None, ()))
    with pytest.raises(NotEligible) as refused:
        refuse_not_eligible(asked, Taker())
    assert refused.value.facts == {"standing": "gold", "plan": None, "tags": None}


def test_a_plan_keeps_all_that_is_not_its_shards() -> None:
    assert planned(replace(COUNTED, shards=0)) == COUNTED
    assert grown(COUNTED, 1) == COUNTED
    assert grown(replace(COUNTED, shards=1), 100) == COUNTED
    assert planned(replace(NUMBERED, units=7)) == replace(NUMBERED, units=7, made=7)


def test_neighbours_follow_the_first_and_go_on_from_the_start() -> None:
    plan = a_plan(shards=8, peak=32)
    assert spread(plan, 2, dice=Last()) == {0: 1, 7: 1}
    assert sampled(plan, dice=Last()) == [7, 0, 1, 2]


def test_a_tenth_is_low_and_rounds_down() -> None:
    assert hint_of(a_plan(shards=1), what_is_left(10, made=109)) is Hint.LOW
    assert hint_of(a_plan(shards=1), what_is_left(11, made=109)) is Hint.IN_STOCK
    assert hint_of(a_plan(shards=1), what_is_left(2, made=19)) is Hint.IN_STOCK


@pytest.mark.parametrize(("used", "is_locked"), [(2, False), (3, True)])
def test_the_last_unit_of_a_limit_is_not_locked(used: int, *, is_locked: bool) -> None:
    counter = Counter(MEMBER_ID, "L#r#e", Limit(Per.EVER, 3), None, used)
    locks = locks_of(a_reward(), Taker(), counters=[counter], points=100)
    assert (locks.limit is counter) is is_locked


def test_withdrawn_units_are_neither_free_nor_taken() -> None:
    block = Block(0, {0: "ord_1", 1: WITHDRAWN, 2: WITHDRAWN, 3: None})
    assert tally(replace(NUMBERED, made=9), block) == Shard(9, 6, 2)
    assert tally(replace(CODED, made=9), block) == Shard(4, 1, 2)


def test_a_till_code_is_what_it_has_always_been() -> None:
    at = datetime(2026, 11, 21, 4, 0, 59, tzinfo=UTC)
    told = till_code(b"secret", MEMBER_ID, at=at)
    assert told.code == "0Ab1Cd2Ef3GEt4WP1UpI"
    assert told.expires_at == at.replace(minute=2, second=0)
    assert told == till_code(b"secret", MEMBER_ID, at=at.replace(second=0))
    assert told.code != till_code(b"secret", MEMBER_ID, at=at + timedelta(seconds=1)).code


def test_a_first_wallet_is_its_members_and_of_the_defaults() -> None:
    change = new_wallet(MEMBER_ID, NOW)
    assert change.before is None
    assert (change.after.member_id, change.after.version) == (MEMBER_ID, 1)
    assert (change.after.available, change.after.held, change.after.debt) == (0, 0, 0)
    assert (change.entry.program_version, change.entry.previous) == (0, b"")
    assert new_wallet(MEMBER_ID, NOW, program_version=3).entry.program_version == 3


def test_the_next_code_lies_in_the_chunk_of_its_thousand() -> None:
    assert [codes.chunk_of(done) for done in (0, 999, 1000, 1001, 2000)] == [0, 0, 1, 1, 2]


def test_an_import_counts_what_is_sold_what_another_had_and_what_is_still_to_come() -> None:
    told = Import("imp_1", REWARD_ID, NOW, State.RUNNING, 10, 9, (), base=5, done=7, imported=4)
    assert codes.count_of(told) == Count("imp_1", State.RUNNING, 4, 3, 2)


def test_an_entrys_hash_is_over_bytes_that_never_change() -> None:
    entry = new_wallet(MEMBER_ID, NOW).entry
    assert entry.hash.hex() == ENROLLED_HASH
    assert seal(replace(entry, previous=b"other")).hash != entry.hash


ENROLLED_HASH: Final = "c1b5690d1f1ea3054912f83ec751112d1b05d683d3caa8e479fbc205c857897f"
"""SHA-256 of the first entry of the tests' member, written down once."""


def test_faults_of_a_journal_are_told_in_words() -> None:
    entry = new_wallet(MEMBER_ID, NOW).entry
    wrong = replace(entry, version=2, previous=b"x", available_after=1)
    assert recompute([wrong]).faults == (
        "version 2 is out of order",
        "version 2 does not follow its predecessor",
        "version 2 does not have its own hash",
        "version 2: balance is not the sum of its dates",
    )


def a_purchase(currency: str = "cny") -> Purchase:
    return Purchase("c", "p", MEMBER_ID, Money(100, currency), 0, NOW, 1, 1, 0, date(2028, 1, 31))


def test_two_reports_of_a_refund_are_the_same_by_ids_and_money() -> None:
    told = Return("c", "p", "r", 10, None)
    assert fingerprint_of(a_purchase(), told) == fingerprint_of(
        a_purchase(), replace(told, currency="cny")
    )
    assert fingerprint_of(a_purchase(), told).hex() == REFUND_HASH


REFUND_HASH: Final = "454b7f51c35e9c72823118827932ae014426c534328d80a1e5a39c11f14aa755"
"""SHA-256 of `["c","p","r",10,"cny"]`."""


def test_a_refund_in_another_currency_is_told_the_right_one() -> None:
    with pytest.raises(CurrencyNotSupported) as refused:
        refuse_currency(a_purchase(), Return("c", "p", "r", 10, "usd"))
    assert refused.value.facts == {"currency": "cny"}
