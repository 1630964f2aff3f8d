"""A mall so small that two requests cannot help meeting: one wallet, a few last units.

What several use cases share is made at its first use, before anybody is let go. Everything is
scarce on purpose: 100 points, a reward of 60; a unit in each of two shards; two numbers; two codes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from chalicelib.gateways.messages.errors import Down
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Entry
from chalicelib.outreach.notices import service as notices
from chalicelib.outreach.notices.store import name_of
from chalicelib.storage.work import Work
from tests.activities import refer
from tests.campaigns import begun, doubling
from tests.events import Api, Json
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made
from tests.orders import ADDRESS, placed, review_above
from tests.outbox import Outbox

POINTS: Final = 100
PRICE: Final = 60
"""Points are there for one of these, not for two."""
CHEAP: Final = 10
TWO_UNITS: Final[Json] = {"mode": "counted", "units": 2, "peak_per_second": 8}
"""One unit in each of two shards."""
TWO_NUMBERS: Final[Json] = {"mode": "numbered", "units": 2}
ONCE_A_DAY: Final[Json] = {"limits": [{"per": "day", "units": 1}]}
TWICE: Final[Json] = {"limits": [{"per": "ever", "units": 3}]}


@dataclass
class Scene:
    """The mall and what is in it so far."""

    mall: Mall
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @cached_property
    def lin(self) -> Api:
        """A member with 100 points of one purchase, `lin-1`."""
        return self._member("lin")

    @cached_property
    def may(self) -> Api:
        """Another member, with as many points."""
        return self._member("may")

    @cached_property
    def friend(self) -> str:
        """Somebody new whom Lin referred, and who bought for ten yuan, `friend`."""
        _ = self.lin
        refer(self.mall, "friend", "lin")
        made(self.mall.till.post("/purchases", a_purchase("friend", 10, "friend")), 201)
        return "friend"

    @cached_property
    def mug(self) -> str:
        """A reward for 60 points, of which there are enough."""
        return self.mall.reward(PRICE)

    @cached_property
    def tea(self) -> str:
        """A reward that a member gets once a day."""
        return self.mall.reward(CHEAP, **ONCE_A_DAY)

    @cached_property
    def cups(self) -> str:
        """A counted reward with one unit in each of two shards."""
        return self.mall.reward(CHEAP, stock=TWO_UNITS)

    @cached_property
    def prints(self) -> str:
        """A limited drop of two."""
        return self.mall.reward(CHEAP, stock=TWO_NUMBERS)

    @cached_property
    def vouchers(self) -> str:
        """A pool of two codes."""
        reward = self.mall.reward(CHEAP, stock={"mode": "coded"})
        path = self.previewed(reward, "CODE-1", "CODE-2")
        made(self.mall.marketing.post(path), 200)
        return reward

    @cached_property
    def bought(self) -> Json:
        """An order of Lin's: two units, to be sent, of a reward with limits and a unit left."""
        stock = TWO_UNITS | {"units": 3, "peak_per_second": 12}
        reward = self.mall.reward(CHEAP, stock=stock, **TWICE)
        return placed(self.lin, reward, key=self.key(), quantity=2, address=ADDRESS)

    @cached_property
    def fetchable(self) -> Json:
        """An order of Lin's of the first code."""
        return placed(self.lin, self.vouchers, key=self.key())

    @cached_property
    def waiting(self) -> Json:
        """An order of Lin's of a cup, which waits for a look."""
        _ = self.lin, self.cups
        review_above(self.mall, yuan=0)
        order = placed(self.lin, self.cups, key=self.key())
        review_above(self.mall, yuan=1_000_000)
        return order

    @cached_property
    def guests(self) -> str:
        """The claim code of a purchase of 100 yuan by nobody known, `guests-1`."""
        _ = self.lin, self.may
        report = {**a_purchase("lin", POINTS, "guests-1"), "member_id": None}
        return str(made(self.mall.till.post("/purchases", report), 201)["claim_code"])

    @cached_property
    def proposal(self) -> str:
        """A correction of Lin's wallet that waits for a second person."""
        _ = self.lin
        body = {"member_id": id_of("lin"), "points": 1_500, "reason": "Miscounted."}
        asked = self.mall.support.post("/admin/adjustments", body, key=self.key())
        return str(made(asked, 201)["id"])

    @cached_property
    def frozen(self) -> Entry:
        """That Lin was frozen, of which she wishes to be told where she reads."""
        made(self.lin.put("/me/notices", {"push": True}), 200)
        path = f"{self.member_path()}/freeze"
        made(self.mall.support.post(path, {"reason": "lost card"}), 200)
        newest = journal.newest_version(self.work, id_of("lin"))
        return next(journal.newest_first(self.work, id_of("lin"), through=newest))

    @cached_property
    def uncarried(self) -> str:
        """The notice of that, which nobody carried and which may be sent again by now."""
        notices.hear(self.work, Outbox(failures=[Down("away")]), fact=self.frozen)
        self.mall.clock.advance(minutes=6)
        (held,) = notices.all_of(self.work, id_of("lin"))
        return name_of(held)

    @cached_property
    def campaign(self) -> str:
        """A campaign that doubles what Lin earns, with points for one purchase, not for two."""
        _ = self.lin
        name = begun(self.mall, doubling(budget=80))
        self.mall.clock.advance(minutes=1)
        return name

    @property
    def work(self) -> Work:
        """What a use case without a route is handed."""
        app = self.mall.app
        return Work(app.clock.now(), app.dice, pause=app.pause, elapsed=app.elapsed)

    def key(self) -> str:
        """Return a key that nobody has used."""
        return f"key-{next(self.numbers)}"

    def order(self, reward: str) -> Json:
        """Return an order of Lin's of one unit, whose points she earned besides."""
        self.earn_more(PRICE)
        return placed(self.lin, reward, key=self.key())

    def earn_more(self, points: int) -> None:
        """Let Lin have earned more."""
        _ = self.lin
        self.mall.earn("lin", points)

    def member_path(self) -> str:
        """Return where operators find Lin."""
        _ = self.lin
        return f"/admin/members/{id_of('lin')}"

    def previewed(self, reward: str, *codes: str) -> str:
        """Return where an import of codes is executed that was looked over."""
        path, body = f"/admin/rewards/{reward}/codes", {"csv": "\n".join(codes)}
        told = made(self.mall.marketing.post(path, body, key=self.key()), 201)
        return f"{path}/{told['id']}/execute"

    def _member(self, subject: str) -> Api:
        api = self.mall.member(subject)
        report = a_purchase(subject, POINTS, f"{subject}-1")
        made(self.mall.till.post("/purchases", report), 201)
        return api


REFUNDS_OF_LIN: Final = f"/purchases/{CHANNEL_NAME}/lin-1/refunds"
REFUNDS_OF_GUESTS: Final = f"/purchases/{CHANNEL_NAME}/guests-1/refunds"
