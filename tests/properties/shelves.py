"""What is on the shelf: one reward for each way of being supplied, limited and opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tests.mall import Mall, a_reward, made
from tests.properties.deeds import loading
from tests.properties.facts import Reward
from tests.properties.model import Program

NUMBERED: Final = 7
CODED: Final = 8
"""Places on the shelf of the rewards whose units have numbers, and codes."""


class Shelves:
    """Somebody who puts rewards on the shelf of a mall and of its model."""

    def __init__(self, mall: Mall, program: Program) -> None:
        """Put nothing yet."""
        self._mall, self._program = mall, program

    def fill(self) -> None:
        """Put everything."""
        now = self._program.now
        opens, closes = now + timedelta(days=30), now + timedelta(400)
        window = {"from": f"{opens:%FT%TZ}", "until": f"{closes:%FT%TZ}"}
        few = {"mode": "counted", "units": 3}
        self._put([50, 3])
        self._put([2], stock=few)
        self._put([5], limits={"day": 2, "month": 3})
        self._put([1], stock=few | {"units": 5, "peak_per_second": 4}, limits={"ever": 3})
        self._put([1], limits={"week": 2})
        self._put([1], redeemable=window)
        self._put([1], audience={"standing": "gold"})
        self._put([2], stock={"mode": "numbered", "units": 4})
        coded = self._put([3], stock={"mode": "coded"}, limits={"month": 5})
        deed = loading(self._mall, "first", coded, tuple(f"TEA-0000-{n}" for n in range(4)))
        deed.judge(self._program)
        made(deed.send(), 200)

    def _put(self, prices: list[int], limits: Mapping[str, int] | None = None, **more: Any) -> str:
        told = [{"per": per, "units": units} for per, units in (limits or {}).items()]
        options = [{"points": points} for points in prices]
        body = a_reward(options=options, limits=told, **more)
        key = f"reward-{len(self._program.rewards)}"
        reward_id = str(made(self._mall.marketing.post("/admin/rewards", body, key=key), 201)["id"])
        stock = more.get("stock", {"mode": "unlimited"})
        units = None if stock["mode"] == "unlimited" else stock.get("units", 0)
        reward = Reward(reward_id, prices, stock["mode"], units, units or 0, limits=limits or {})
        if window := more.get("redeemable"):
            reward.opens = datetime.fromisoformat(window["from"])
            reward.closes = datetime.fromisoformat(window["until"])
        reward.for_everyone = "audience" not in more
        self._program.rewards[reward_id] = reward
        return reward_id
