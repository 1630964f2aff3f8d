"""Corruptions of stock: shards, numbered units, voucher codes, and imports."""

from __future__ import annotations

from typing import Any, Final

from tests import invariants_stock as stock
from tests.vandalism import Columns, Plants, alter, change, drop, items, n, order, put, remove, s
from tests.vandalism import strip as without

NOBODY: Final = "rwd_00000000000"


def mug() -> str:
    return str(items("order", "lin")[0]["w"]["S"])


def cup() -> str:
    """Return the limited drop."""
    return str(order(m="numbered")["w"]["S"])


def book() -> str:
    """Return the reward of codes."""
    return str(order(m="coded")["w"]["S"])


def reward(reward_id: str) -> Columns:
    return items("reward", s=f"R#{reward_id}")[0]


def shard(reward_id: str, **columns: dict[str, Any]) -> None:
    alter(items("shard", p=f"{reward_id}#0")[0], **columns)


def units(reward_id: str) -> list[Columns]:
    return items("unit", p=f"{reward_id}#0")


def sold(reward_id: str) -> Columns:
    """Return a unit that an order owns."""
    return next(unit for unit in units(reward_id) if unit.get("o", s("w"))["S"].startswith("ord"))


def withdrawn(reward_id: str) -> Columns:
    return next(unit for unit in units(reward_id) if unit.get("o") == s("withdrawn"))


def free_code() -> Columns:
    return next(unit for unit in units(book()) if "o" not in unit)


def done() -> Columns:
    return items("import", t="done")[0]


def told(what: str) -> Columns:
    return items("audit", w=what)[0]


def swap_codes() -> None:
    """Let two units have each other's codes."""
    one, other = units(book())[:2]
    alter(one, c=other["c"])
    alter(other, c=one["c"])


def swap_claims() -> None:
    """Let two claims name each other's units."""
    one, other = items("code")[:2]
    alter(one, n=other["n"])
    alter(other, n=one["n"])


PLANTS: Final[Plants] = {
    "a unit too few": (stock.stock_adds_up, lambda: shard(mug(), f=n(0))),
    "a unit sold twice": (
        stock.stock_adds_up,
        lambda: change("order", 0, "lin", u={"M": {"0": n(3)}}),
    ),
    "a shard that is gone": (stock.stock_adds_up, lambda: drop("shard")),
    "a unit that nobody made": (
        stock.stock_adds_up,
        lambda: put({"p": s(f"{mug()}#9"), "s": s("S"), "m": n(1), "f": n(1)}),
    ),
    "units of a reward that does not exist": (
        stock.stock_adds_up,
        lambda: put({"p": s(f"{NOBODY}#0"), "s": s("S"), "m": n(1), "f": n(1)}),
    ),
    "shards of a limited drop": (
        stock.stock_adds_up,
        lambda: put({"p": s(f"{cup()}#0"), "s": s("S"), "m": n(0), "f": n(0)}),
    ),
    "counted units that nobody withdrew": (
        stock.stock_adds_up,
        lambda: remove(next(r for r in items("audit", w="reward.withdraw") if "1" in r["a"]["S"])),
    ),
    "an order that owns no number": (
        stock.units_have_their_owners,
        lambda: remove(sold(cup())),
    ),
    "a number that two orders hold": (
        stock.units_have_their_owners,
        lambda: alter(
            order(m="numbered", st="cancelled"), u=order(m="numbered", st="settled")["u"]
        ),
    ),
    "a number that came back and kept its owner": (
        stock.units_have_their_owners,
        lambda: alter(free_number(), o=s(order(m="numbered", st="cancelled")["s"]["S"][2:])),
    ),
    "a number past the end": (
        stock.units_have_their_owners,
        lambda: put({"p": s(f"{cup()}#0"), "s": s("U#000100")}),
    ),
    "a unit in another block": (
        stock.units_have_their_owners,
        lambda: put({"p": s(f"{cup()}#1"), "s": s("U#000050")}),
    ),
    "a number that is a code": (
        stock.units_have_their_owners,
        lambda: alter(sold(cup()), c={"B": b"sealed"}),
    ),
    "a coded unit without a code": (
        stock.units_have_their_owners,
        lambda: without(free_code(), "c"),
    ),
    "a unit of no reward": (
        stock.units_have_their_owners,
        lambda: put({"p": s(f"{NOBODY}#0"), "s": s("U#000000")}),
    ),
    "numbers that nobody made": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: alter(reward(cup()), m=n(101)),
    ),
    "numbers of a counted reward": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: alter(reward(mug()), m=n(1)),
    ),
    "a number that nobody withdrew": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: alter(free_number(), o=s("withdrawn")),
    ),
    "a withdrawn number that is for sale": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: without(withdrawn(cup()), "o"),
    ),
    "a code that nobody withdrew": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: alter(free_code(), o=s("withdrawn")),
    ),
    "a dispenser past the end": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: alter(items("dispenser", p=cup())[0], n=n(101)),
    ),
    "a dispenser of nothing": (
        stock.numbers_are_made_and_withdrawn_by_somebody,
        lambda: put({"p": s(NOBODY), "s": s("N"), "n": n(1)}),
    ),
    "a code without a claim": (stock.codes_exist_once, lambda: drop("code")),
    "a claim without a code": (
        stock.codes_exist_once,
        lambda: remove(free_code()),
    ),
    "two claims of one unit": (
        stock.codes_exist_once,
        lambda: put(items("code")[0] | {"p": s("code#" + "0" * 22)}),
    ),
    "a code that does not open": (
        stock.codes_are_sealed,
        lambda: alter(free_code(), c={"B": b"\x01" + b"0" * 40}),
    ),
    "codes that changed places": (stock.codes_are_sealed, swap_codes),
    "claims that changed places": (stock.codes_are_sealed, swap_claims),
    "a code in the audit log": (
        stock.codes_are_sealed,
        lambda: alter(told("reward.import"), a=s('{"code":"SPRING-3"}')),
    ),
    "an import that put fewer codes on the shelf": (
        stock.imports_make_the_codes,
        lambda: alter(done(), i=n(5)),
    ),
    "an import that put more codes on the shelf": (
        stock.imports_make_the_codes,
        lambda: remove(free_code()),
    ),
    "an import that is done before its end": (
        stock.imports_make_the_codes,
        lambda: alter(done(), d=n(5)),
    ),
    "a running import that says too much": (
        stock.imports_make_the_codes,
        lambda: alter(done(), t=s("running"), v=n(7), d=n(7), i=n(7), n=n(7)),
    ),
    "an import that has another's numbers": (
        stock.imports_make_the_codes,
        lambda: alter(done(), b=n(1)),
    ),
    "a code that no import put there": (
        stock.imports_make_the_codes,
        lambda: put(free_code() | {"s": s("U#000017")}),
    ),
    "an end before the last code": (
        stock.imports_make_the_codes,
        lambda: alter(reward(book()), m=n(5)),
    ),
    "an end behind the last code": (
        stock.imports_make_the_codes,
        lambda: alter(reward(book()), m=n(7)),
    ),
    "numbers promised to nobody": (
        stock.imports_make_the_codes,
        lambda: alter(reward(book()), rs=n(7)),
    ),
    "an import that still has its codes": (
        stock.imports_keep_no_codes,
        lambda: alter(chunk(done()), c={"B": b"sealed"}),
    ),
    "an import that lost its codes": (
        stock.imports_keep_no_codes,
        lambda: without(chunk(items("import", t="previewed")[0]), "c"),
    ),
    "codes of no import": (
        stock.imports_keep_no_codes,
        lambda: put({"p": s("imp_00000000000"), "s": s("C#00")}),
    ),
}


def chunk(told_of: Columns) -> Columns:
    return items("chunk", p=told_of["s"]["S"][2:])[0]


def free_number() -> Columns:
    """Return a number that came back."""
    return next(unit for unit in units(cup()) if "o" not in unit)
