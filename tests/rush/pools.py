"""A pool of voucher codes, and twenty threads that order and fetch until none is left."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final

from tests.events import Api, Reply, a_caller
from tests.mall import Mall, made
from tests.rush.buying import COME_BACK, Answer, Ask, at, insisted
from tests.rush.crowd import a_crowd
from tests.rush.drops import PRICE, Weather
from tests.rush.judging import check_sold

CODES: Final = tuple(f"TEA-{number:04}" for number in range(1_000))
BUYERS: Final = 20
QUANTITY_MAX: Final = 4
"""Orders of several codes: their claims must come true together."""
POINTS: Final = 200 * PRICE
"""Four times what a buyer spends where all are equally quick."""


def pool_until_sold_out(mall: Mall, weather: Weather) -> None:
    """1,000 codes: every one is handed out to one buyer, and no other ever."""
    crowd = a_crowd(mall, BUYERS, points=POINTS)
    reward = mall.reward(PRICE, stock={"mode": "coded"})
    put_codes(mall, reward)
    with weather, ThreadPoolExecutor(BUYERS) as pool:
        buyers = [Collector(mall, subject, reward) for subject in crowd]
        answers = [one for found in pool.map(Collector.collect, buyers) for one in found]
    handed_out = Counter(code for buyer in buyers for code in buyer.codes)
    wrong = [code for code in handed_out.keys() | set(CODES) if handed_out[code] != 1]
    assert not wrong, f"handed out twice or never: {sorted(wrong)}"
    check_sold(mall, reward, answers, units=len(CODES))


def put_codes(mall: Mall, reward: str) -> None:
    """Import the codes as an operator does."""
    path = f"/admin/rewards/{reward}/codes"
    told = made(mall.marketing.post(path, {"csv": "\n".join(CODES)}, key="codes"), 201)
    while told["state"] != "done":
        told = made(mall.marketing.post(f"{path}/{told['id']}/execute"), 200)
    assert told["imported"] == len(CODES), told


class Collector:
    """A member who orders codes and fetches them, until there are none."""

    def __init__(self, mall: Mall, subject: str, reward: str) -> None:
        """Come with dice of one's own."""
        self.codes: list[str] = []
        self._api = Api(mall.app, a_caller("member", subject=subject))
        self._place, self._subject, self._reward = at(mall.app), subject, reward
        self._dice = Random(subject)

    def collect(self) -> list[Answer]:
        """Return all answers; whoever wanted several and hears "sold out" asks for one more."""
        answers: list[Answer] = []
        quantity = QUANTITY_MAX
        for number in itertools.count():
            ask = Ask(self._subject, self._reward, f"key-{number}", quantity)
            answers.append(insisted(self._place, ask))
            if answers[-1].order_id:
                self.codes += self._fetched(answers[-1].order_id)
                quantity = self._dice.randint(1, QUANTITY_MAX)
            elif quantity == 1:
                return answers
            else:
                quantity = 1
        raise AssertionError("numbers do not end")

    def _fetched(self, order_id: str) -> list[str]:
        reply = Reply(COME_BACK, {}, "")
        while reply.status == COME_BACK:
            reply = self._api.post(f"/orders/{order_id}/codes")
        codes: list[str] = made(reply, 200)["codes"]
        return codes
