"""Units added, withdrawn and spread anew while a reward sells: what was made is sold, and no more.

Buyers go on until they are told "sold out" by an answer to a request that was sent when the last
unit had been made.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.events import Reply
from tests.mall import Mall, made
from tests.rush.buying import COME_BACK, Answer, Ask, at, insisted
from tests.rush.crowd import a_crowd
from tests.rush.drops import POINTS, PRICE, Weather
from tests.rush.judging import check_sold

BUYERS: Final = 12
UNITS: Final = 10
ADDED: Final = 15
WITHDRAWN: Final = 3
PEAKS: Final = (40, 8, 100, 256)
"""Sales a second that an operator expects: 10, 2, 25 and 64 shards."""
LOTS: Final = 50
"""So many orders a buyer can pay: far more than units for each."""


def growing_while_it_sells(mall: Mall, weather: Weather, *, mode: str) -> None:
    """An operator changes peak and units while twelve members buy."""
    crowd = a_crowd(mall, BUYERS, points=POINTS * LOTS)
    reward = mall.reward(PRICE, stock={"mode": mode, "units": UNITS})
    operator = Operator(mall, reward, has_shards=mode == "counted")
    place, is_over = at(mall.app), threading.Event()

    def buy(subject: str) -> list[Answer]:
        answers: list[Answer] = []
        for number in itertools.count():
            was_over = is_over.is_set()
            answers.append(insisted(place, Ask(subject, reward, f"key-{number}")))
            if was_over and not answers[-1].order_id:
                return answers
        raise AssertionError("numbers do not end")

    with weather, ThreadPoolExecutor(BUYERS) as pool:
        bought = [pool.submit(buy, subject) for subject in crowd]
        try:
            operator.work()
        finally:
            is_over.set()
        answers = [answer for one in bought for answer in one.result()]
    left = operator.seen()
    expected = {"made": UNITS + len(PEAKS) * ADDED, "free": 0, "withdrawn": operator.withdrawn}
    assert expected.items() <= left.items(), (expected, left)
    check_sold(mall, reward, answers, units=left["made"] - left["withdrawn"])


@dataclass
class Operator:
    """Changes a reward's peak, adds units and withdraws some, and insists like everybody."""

    mall: Mall
    reward: str
    has_shards: bool
    withdrawn: int = 0
    keys: itertools.count[int] = field(default_factory=itertools.count)

    def work(self) -> None:
        """Change everything once for each peak, which only shards have."""
        for peak in PEAKS:
            if self.has_shards:
                self.expect(peak)
            made(self._post("stock", {"add": ADDED}), 200)
            reply = self._post("stock/withdraw", {"units": WITHDRAWN})
            assert reply.status == 200 or reply.code == "sold_out", reply.text
            self.withdrawn += WITHDRAWN if reply.status == 200 else 0

    def expect(self, peak: int) -> None:
        """Tell how many sales a second are expected; somebody else's edit costs another try."""
        path, status = f"/admin/rewards/{self.reward}", 0
        while status != 200:
            read = _insisted(lambda: self.mall.marketing.get(path))
            stock = {**read["stock"], "peak_per_second": peak}
            tag = {"If-Match": read.headers["etag"]}
            body = {**read.json, "stock": stock}
            status = self.mall.marketing.put(path, body, headers=tag).status
            assert status in {200, 412, COME_BACK}

    def seen(self) -> dict[str, int]:
        """Return what the desk is shown of the stock."""
        return made(self.mall.marketing.get(f"/admin/rewards/{self.reward}/stock"), 200)

    def _post(self, what: str, body: dict[str, int]) -> Reply:
        key = f"operator-{next(self.keys)}"
        path = f"/admin/rewards/{self.reward}/{what}"
        return _insisted(lambda: self.mall.marketing.post(path, body, key=key))


def _insisted(send: Callable[[], Reply]) -> Reply:
    while (reply := send()).status == COME_BACK:
        pass
    return reply
