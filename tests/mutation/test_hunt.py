"""The hunt itself: it finds every clause of every store, and whoever survives it is told.

The whole hunt is `make mutate`; here runs what takes seconds.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from chalicelib.ledger.wallets import store as wallets
from chalicelib.ledger.wallets.rules import new_wallet
from chalicelib.storage.transaction import Transaction
from tests.builders import MEMBER_ID, NOW
from tests.mutation.excused import EXCUSED
from tests.mutation.hunt import APART, hunters, stores
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.plans import WORK
from tests.mutation.planting import ROOT, all_of, planted, source_of
from tests.mutation.source import Source

HOUSE: Final = ROOT / "chalicelib"
WRITERS: Final = re.compile(r"\btx\.(put|update|check|delete)\(|\bcondition=|\.save\(")
"""What writes, or says under which condition, as anybody would look for it."""
SAMPLE: Final = ("put_phone", "put_receipt")

STORE: Final = """
class ThingItem(Item):
    size = IntAttribute()

def _swap(tx, actions, condition):
    tx.update(ThingItem("p", "s"), actions, condition=condition, otherwise=_no)

def _is(attribute, number):
    return attribute == number

def put(tx):
    tx.put(ThingItem("p", "s"), otherwise=_no)

def take(tx, n):
    room = ThingItem.size >= n
    tx.update(
        ThingItem("p", "s"),
        (ThingItem.size.add(-n),),
        condition=~ThingItem.size.exists() | room,
        otherwise=_no,
    )

def rename(tx):
    _swap(tx, (ThingItem.size.remove(),), condition=_is(ThingItem.size, 1))

def both(tx, told):
    for attribute, n in ((ThingItem.size, 1), (ThingItem.size, 2)):
        if n > 0:
            told &= attribute <= n
    tx.check(ThingItem("p", "s"), condition=told, otherwise=_no)
"""


def made(text: str) -> set[tuple[str, str, str]]:
    """Return the mutants of a store as function, part, and what was done."""
    found = mutants_of(Source("a.store", text))
    return {(one.function, one.part.partition(" ")[0], one.done) for one in found}


def test_every_piece_clause_alternative_row_bound_and_action_has_its_mutants() -> None:
    assert made(STORE) == {
        ("_swap", 'tx.update(ThingItem("p",', "left out"),
        ("_is", "attribute", "always true"),
        ("_is", "attribute", "or later"),
        ("put", 'tx.put(ThingItem("p",', "left out"),
        ("put", 'tx.put(ThingItem("p",', "put over whatever is there"),
        ("take", "ThingItem.size", "always true"),
        ("take", "ThingItem.size", "weaker by one"),
        ("take", "tx.update(", "left out"),
        ("take", "ThingItem.size.add(-n)", "left out"),
        ("take", "-n", "sign lost"),
        ("take", "~ThingItem.size.exists()", "always true"),
        ("take", "~ThingItem.size.exists()", "without the first alternative"),
        ("take", "~ThingItem.size.exists()", "without the last alternative"),
        ("rename", "_swap(tx,", "left out by the use case"),
        ("rename", "ThingItem.size.remove()", "left out"),
        ("both", "(ThingItem.size,", "row left out"),
        ("both", "n", "not asked at one"),
        ("both", "attribute", "always true"),
        ("both", "attribute", "weaker by one"),
        ("both", 'tx.check(ThingItem("p",', "left out"),
    }


def test_every_mutant_can_be_compiled_and_has_a_name_of_its_own() -> None:
    names: list[str] = []
    for module in stores():
        source = source_of(module)
        for mutant in all_of(module):
            compile(mutant.spoilt(source.whole), module, "exec")
            names.append(mutant.name)
    assert len(names) == len(set(names))


def test_whatever_writes_is_hunted() -> None:
    """A search through the text, which knows nothing of trees, finds no other module."""
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in HOUSE.rglob("*.py")
        if WRITERS.search(path.read_text(encoding="utf-8"))
    }
    assert found <= set(stores()) | set(APART)


@pytest.mark.parametrize("module", stores())
def test_no_condition_of_a_store_is_unknown(module: str) -> None:
    assert list(source_of(module).unknown()) == []


def test_a_condition_in_which_nothing_is_recognised_is_told() -> None:
    strange = "def put(tx):\n    tx.check(item, condition=somewhere.told(), otherwise=no)\n"
    assert list(Source("a.store", strange).unknown()) == ["2: condition=somewhere.told()"]


def test_whoever_is_excused_is_there() -> None:
    assert set(EXCUSED) <= {one.name for module in stores() for one in all_of(module)}


def test_a_mutant_is_the_source_with_one_part_replaced() -> None:
    mutant = Mutant("m", "f", "b", "gone", 2, 3, "None")
    assert mutant.spoilt("a b c") == "a None c"
    assert Mutant("m", "f", "b", "gone", 2, 3, "", twin=2).name == "m:f: b: gone (2)"


@pytest.mark.usefixtures("table")
def test_what_is_planted_runs_until_it_is_taken_out() -> None:
    changed = source_of(wallets.__name__).whole.replace("tx.put(", "raise KeyError\n    tx.put(")
    tx = Transaction(WORK, {})
    with planted(wallets.__name__, changed, "put_wallet"), pytest.raises(KeyError):
        wallets.put_wallet(tx, new_wallet(MEMBER_ID, NOW))
    wallets.put_wallet(tx, new_wallet(MEMBER_ID, NOW))


def hunted(*words: str) -> subprocess.CompletedProcess[str]:
    """Hunt a few mutants in a process of their own."""
    run = [sys.executable, "-m", "tests.mutation", *words]
    return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


def test_a_sample_of_mutants_dies() -> None:
    told = hunted(
        *SAMPLE,
        "--modules=chalicelib.ledger.members.store",
        "--modules=chalicelib.storage.receipts",
        "--tests=tests/mutation/test_second_line_ledger.py",
        "--tests=tests/mutation/test_second_line_program.py",
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "4 of 4 mutants died" in told.stdout
    assert "test_a_wrong_plan_is_refused_by_the_table[a phone of somebody else]" in told.stdout


def test_a_survivor_is_named_and_ends_the_hunt_with_1() -> None:
    """No test of wallets notices what becomes of a phone."""
    told = hunted(
        "put_phone",
        "--modules=chalicelib.ledger.members.store",
        "--tests=tests/integration/test_wallet_store.py",
    )
    assert told.returncode == 1, told.stdout + told.stderr
    assert "**SURVIVED** 0 tests: chalicelib.ledger.members.store:put_phone" in told.stdout
    assert "0 of 2 mutants died; 0 change nothing that can be seen; 2 survived." in told.stdout


def test_the_tests_that_hunt_are_there() -> None:
    assert "tests/mutation/test_second_line_ledger.py" in hunters()
    assert all(Path(ROOT / name).exists() for name in hunters())
