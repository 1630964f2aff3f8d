"""What an import keeps: its time, its numbers, its seals, and every condition of its items."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.catalog.codes import service, store
from chalicelib.catalog.codes.model import State
from chalicelib.catalog.codes.service import EXECUTE_SECONDS
from chalicelib.catalog.codes.store import Claimed, Overtaken
from chalicelib.kernel.errors import Contended
from chalicelib.storage.sealing import Unsealable
from chalicelib.storage.transaction import Transaction, persist
from tests.builders import REWARD_ID
from tests.faults import Crashed, Fault, faults
from tests.integration.coded_shop import FEW, MANY, Shop, Watch, a_work, assert_exact, shelf
from tests.rows import of_sort, overwrite, row


@pytest.fixture
def shop(table: str) -> Shop:
    assert table
    opened = Shop()
    opened.open()
    return opened


def test_when_time_is_over_an_import_says_how_far_it_came_and_goes_on_later(shop: Shop) -> None:
    told = shop.upload(FEW)
    slow = replace(a_work(), elapsed=Watch(step=EXECUTE_SECONDS / 12).elapsed)
    half = shop.execute(told, slow)
    assert half.state is State.RUNNING
    assert 0 < half.imported < len(FEW)
    assert shop.show(told) == half
    assert shop.plan().made == half.imported == len(shelf())
    assert shop.insist(told).imported == len(FEW)
    assert_exact(FEW, shop)


def test_an_execution_without_time_for_a_batch_changes_nothing(shop: Shop) -> None:
    told = shop.upload(FEW)
    none = replace(a_work(), elapsed=Watch(step=EXECUTE_SECONDS + 1).elapsed)
    assert shop.execute(told, none).imported == 0
    assert shop.plan().made == 0
    assert shop.insist(told).imported == len(FEW)


def test_an_execution_that_finds_no_codes_to_go_on_with_ends_with_its_time(shop: Shop) -> None:
    told = shop.upload(FEW)
    (chunk,) = of_sort("C#")
    chunk.pop("c")
    overwrite(chunk)
    late = replace(a_work(), elapsed=Watch(step=1).elapsed)
    assert shop.execute(told, late).state is State.RUNNING
    assert shelf() == {}


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.CONFLICT])
def test_every_call_of_an_import_has_patience_of_its_own(shop: Shop, fault: Fault) -> None:
    shop.work = replace(shop.work, deadline=-1.0)
    with faults({0: fault}, only="TransactWriteItems"):
        told = shop.upload(FEW)
    with faults(dict.fromkeys(range(0, 9, 2), fault), only="TransactWriteItems"):
        assert shop.execute(told).imported == len(FEW)


def test_numbers_that_were_promised_are_nobody_elses(shop: Shop) -> None:
    early, late = shop.upload(FEW, key="early"), shop.upload(MANY, key="late")
    with faults({5: Fault.CRASH_BEFORE}), pytest.raises(Crashed):
        shop.execute(early)
    assert shop.execute(late).base == len(FEW)
    assert shop.plan().made == len(FEW) + len(MANY)
    assert shop.insist(early).base == 0
    assert_exact([*FEW, *MANY], shop)


def test_an_upload_that_dies_leaves_all_or_nothing(shop: Shop) -> None:
    for fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
        with faults({0: fault}, only="TransactWriteItems"), pytest.raises(Crashed):
            shop.upload(MANY, key=fault.name)
        whole = fault is Fault.CRASH_AFTER
        assert (len(of_sort("I#")), len(of_sort("C#"))) == ((1, 2) if whole else (0, 0))
    told = shop.upload(MANY, key=Fault.CRASH_AFTER.name)
    assert len(of_sort("I#")) == 1
    assert shop.insist(told).imported == len(MANY)
    assert_exact(MANY, shop)


def test_twenty_thousand_long_codes_fit_into_one_upload(shop: Shop) -> None:
    told = shop.upload([f"{number:064d}" for number in range(20_000)])
    assert (told.valid, len(of_sort("C#"))) == (20_000, 20)
    assert max(len(item["c"]["B"]) for item in of_sort("C#")) < 66_000


def test_a_sealed_code_opens_in_its_own_unit_only(shop: Shop) -> None:
    shop.insist(shop.upload(["AAAA", "BBBB"]))
    first, second = of_sort("U#")
    overwrite(first, c=second["c"])
    with pytest.raises(Unsealable):
        service.reveal(shop.work, REWARD_ID, numbers=[0])
    assert service.reveal(shop.work, REWARD_ID, numbers=[1]) == ["BBBB"]


def test_sealed_codes_of_an_import_open_in_their_own_item_only(shop: Shop) -> None:
    told = shop.upload(MANY)
    first, second = of_sort("C#")
    overwrite(first, c=second["c"])
    with pytest.raises(Unsealable):
        shop.execute(told)


def test_codes_are_revealed_in_the_order_of_their_numbers(shop: Shop) -> None:
    shop.insist(shop.upload(["CCCC", "AAAA", "BBBB"]))
    assert service.reveal(shop.work, REWARD_ID, numbers=[2, 0, 1]) == ["CCCC", "AAAA", "BBBB"]
    assert service.reveal(shop.work, REWARD_ID, numbers=[]) == []


def written(shop: Shop, piece: Callable[[Transaction], None]) -> None:
    persist(shop.work, piece)


def test_a_claim_is_never_taken_from_whoever_has_it(shop: Shop) -> None:
    shop.insist(shop.upload(["AAAA"]))
    with pytest.raises(Claimed):
        written(shop, lambda tx: store.put_claims(tx, REWARD_ID, batch={"BBBB": 6, "AAAA": 7}))
    assert store.claims_of(shop.work, REWARD_ID, codes=["AAAA", "BBBB"]) == {"AAAA": 0}


def test_an_import_begins_once(shop: Shop) -> None:
    told = shop.upload(["AAAA"])
    begun = replace(told, state=State.RUNNING, base=5)
    written(shop, lambda tx: store.begin(tx, begun))
    with pytest.raises(Overtaken):
        written(shop, lambda tx: store.begin(tx, replace(begun, base=9)))
    assert shop.show(told).base == 5


def test_an_import_is_never_told_to_be_less_far_than_it_is(shop: Shop) -> None:
    told = shop.upload(FEW)
    with pytest.raises(Overtaken):
        written(shop, lambda tx: store.save(tx, replace(told, done=1)))
    begun = replace(told, state=State.RUNNING)
    written(shop, lambda tx: store.begin(tx, begun))
    further = replace(begun, done=50, imported=49)
    written(shop, lambda tx: store.save(tx, further))
    written(shop, lambda tx: store.save(tx, further))
    with pytest.raises(Overtaken):
        written(shop, lambda tx: store.save(tx, replace(begun, done=49, imported=49)))
    assert shop.show(told) == further
    done = replace(begun, done=120, imported=119, state=State.DONE)
    written(shop, lambda tx: store.save(tx, done))
    with pytest.raises(Overtaken):
        written(shop, lambda tx: store.save(tx, replace(done, state=State.RUNNING)))
    assert shop.show(told) == done


def test_only_a_chunk_that_is_there_can_be_filled_once_and_emptied(shop: Shop) -> None:
    told = shop.upload(["AAAA"])
    with pytest.raises(Contended):
        written(shop, lambda tx: store.put_chunk(tx, told.id, number=0, codes=["BBBB"]))
    assert store.read_chunk(shop.work, told.id, number=0) == ["AAAA"]
    with pytest.raises(Contended):
        written(shop, lambda tx: store.empty_chunk(tx, told.id, number=1))
    assert len(of_sort("C#")) == 1


def test_an_items_shape_is_small_but_for_what_is_sealed(shop: Shop) -> None:
    told = shop.upload([*FEW, *("" for _ in range(200))])
    shop.insist(told)
    kept = row(*store.key_of(told.id))
    assert len(json.dumps(kept, default=bytes.hex)) < 4_096
