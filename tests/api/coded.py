"""Rewards whose units are voucher codes, over HTTP: what tests of several files send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib.catalog.codes import service
from chalicelib.storage.work import Work
from tests.events import Api, Json, Reply
from tests.mall import Mall, made
from tests.rows import of_sort, overwrite, row

CODES: Final = ("SPRING-7QK2", "SPRING-9XW4", "SPRING-0ZZ1")


def coded(mall: Mall) -> str:
    return mall.reward(1, stock={"mode": "coded"})


def upload(mall: Mall, reward: str, csv: object, key: str = "k") -> Reply:
    return mall.marketing.post(f"/admin/rewards/{reward}/codes", {"csv": csv}, key=key)


def previewed(mall: Mall, reward: str, csv: str, key: str = "k") -> Json:
    return made(upload(mall, reward, csv, key), 201)


def execute(mall: Mall, reward: str, told: Json) -> Reply:
    return mall.marketing.post(f"/admin/rewards/{reward}/codes/{told['id']}/execute")


def shown(mall: Mall, reward: str, told: Json) -> Json:
    return made(mall.marketing.get(f"/admin/rewards/{reward}/codes/{told['id']}"), 200)


def imported(mall: Mall, reward: str, codes: Sequence[str], key: str = "k") -> Json:
    told = previewed(mall, reward, "\n".join(codes), key)
    return made(execute(mall, reward, told), 200)


def stock(mall: Mall, reward: str) -> tuple[int, int]:
    told = made(mall.marketing.get(f"/admin/rewards/{reward}/stock"), 200)
    return told["made"], told["free"]


def revealed(mall: Mall, reward: str) -> list[str]:
    """Return every code that is on the shelf, in the order of its number."""
    numbers = [int(item["s"]["S"][2:]) for item in of_sort("U#")]
    return service.reveal(Work(mall.clock.now()), reward, numbers=numbers)


def fill(reward: str, *, reserved: int) -> None:
    """Let other imports have been promised so many numbers."""
    overwrite(row("catalog", f"R#{reward}"), rs={"N": str(reserved)})


def buy(api: Api, reward: str, key: str, quantity: int = 1) -> Reply:
    return api.post("/orders", {"reward_id": reward, "quantity": quantity}, key=key)
