"""An import is stopped, spoiled and run beside itself, anywhere: each code is there once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from chalicelib.catalog.codes import service, store
from chalicelib.catalog.codes.model import Import, State
from chalicelib.catalog.codes.service import Request
from chalicelib.kernel.errors import KeyReused, Unavailable
from chalicelib.storage.work import Work
from tests.builders import NOW, REWARD_ID
from tests.faults import Crashed, Fault, faults
from tests.integration.coded_shop import FEW, MANY, Shop, assert_exact, between, calls_of, shelf
from tests.rows import of_sort
from tests.traces import forget


@pytest.fixture
def shop(table: str) -> Shop:
    assert table
    opened = Shop()
    opened.open()
    return opened


def test_an_import_that_dies_at_any_call_is_finished_by_the_next(shop: Shop) -> None:
    codes = list(FEW)
    count = calls_of(shop, shop.upload(FEW))
    for at in range(count):
        for fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
            fresh = [f"{at}-{fault.name}-{code}" for code in FEW]
            told = shop.upload(fresh, key=f"{at}-{fault.name}")
            with faults({at: fault}), pytest.raises(Crashed):
                shop.execute(told)
            forget()
            assert shop.show(told).done <= len(fresh)
            done = shop.insist(told)
            assert (done.imported, done.skipped) == (len(fresh), 0)
            codes += fresh
    assert_exact(codes, shop)


def test_an_import_survives_any_fault_of_any_call(shop: Shop) -> None:
    codes = list(FEW)
    count = calls_of(shop, shop.upload(FEW))
    for at in range(count):
        for fault in (Fault.UNSENT, Fault.LOST, Fault.CONFLICT, Fault.THROTTLED):
            fresh = [f"{at}-{fault.name}-{code}" for code in FEW]
            told = shop.upload(fresh, key=f"{at}-{fault.name}")
            with faults({at: fault}):
                done = shop.insist(told)
            assert (done.imported, done.skipped) == (len(fresh), 0)
            codes += fresh
    assert_exact(codes, shop)


def test_an_outage_in_the_middle_is_told_and_the_next_execution_goes_on(shop: Shop) -> None:
    told = shop.upload(FEW)
    with faults(dict.fromkeys(range(7, 200), Fault.UNSENT)), pytest.raises(Unavailable):
        shop.execute(told)
    assert shop.show(told).state is State.RUNNING
    assert 0 < len(of_sort("U#")) < len(FEW)
    assert shop.insist(told).imported == len(FEW)
    assert_exact(FEW, shop)


def test_an_import_that_dies_behind_a_chunk_does_not_begin_again(shop: Shop) -> None:
    told = shop.upload(MANY)
    behind_a_chunk = 5 + 2 * 20 + 2
    with faults({behind_a_chunk: Fault.CRASH_BEFORE}), pytest.raises(Crashed):
        shop.execute(told)
    half = shop.show(told)
    assert (half.state, half.done, half.imported) == (State.RUNNING, 1_000, 1_000)
    assert ["c" in item for item in of_sort("C#")] == [False, True]
    with faults() as calls:
        assert shop.execute(told).state is State.DONE
    assert len(calls.made) < 10
    assert_exact(MANY, shop)


def test_two_executions_at_once_put_each_code_there_once(shop: Shop) -> None:
    told = shop.upload(MANY)
    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(partial(_insist_apart, told=told), range(4)))
    assert {(one.state, one.imported, one.skipped) for one in ended} == {(State.DONE, 1_020, 0)}
    assert_exact(MANY, shop)


def _insist_apart(_: int, *, told: Import) -> Import:
    return Shop(Work(NOW)).insist(told)


def test_another_execution_may_do_all_the_work_between_any_two_calls(shop: Shop) -> None:
    codes = list(FEW)
    count = calls_of(shop, shop.upload(FEW))
    for at in range(count):
        fresh = [f"{at}-{code}" for code in FEW]
        told = shop.upload(fresh, key=str(at))
        with between(at, partial(Shop().insist, told)):
            done = shop.insist(told)
        assert (done.imported, done.skipped) == (len(fresh), 0)
        codes += fresh
    assert_exact(codes, shop)


def test_another_import_may_bring_some_of_the_codes_between_any_two_calls(shop: Shop) -> None:
    codes = list(FEW)
    count = calls_of(shop, shop.upload(FEW))
    for at in range(count):
        fresh = [f"{at}-{code}" for code in FEW]
        early = shop.upload(fresh, key=f"early-{at}")
        late = shop.upload([*fresh[40:60], f"{at}-more"], key=f"late-{at}")
        with between(at, partial(Shop().insist, late)):
            ours = shop.insist(early)
        theirs = shop.show(late)
        assert ours.imported + theirs.imported == len(fresh) + 1
        assert ours.skipped + theirs.skipped == 20
        codes += [*fresh, f"{at}-more"]
    assert sorted(shelf().values()) == sorted(codes)
    claims = store.claims_of(shop.work, REWARD_ID, codes=codes)
    assert claims == {code: number for number, code in shelf().items()}


def test_the_same_upload_beside_itself_makes_one_import(shop: Shop) -> None:
    with faults() as calls:
        shop.upload(FEW, key="alone")
    for at in range(len(calls.made)):
        with between(at, partial(Shop().upload, FEW, str(at))):
            told = shop.upload(FEW, str(at))
        assert shop.show(told) == told
    assert len(of_sort("I#")) == len(of_sort("C#")) == len(calls.made) + 1


def test_another_upload_under_the_same_key_is_refused_even_when_it_comes_between(
    shop: Shop,
) -> None:
    request = Request("op", "POST /codes", "k", fingerprint=b"another body")
    theirs = partial(service.upload, shop.work, request, reward_id=REWARD_ID, csv="AAAA")
    with between(1, theirs), pytest.raises(KeyReused):
        shop.upload(FEW)
    assert len(of_sort("C#")) == 1
