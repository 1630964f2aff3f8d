"""Requests that meet the job that looks after wallets, on a day on which it has something to do.

Lin's first points ended yesterday, and those of a month later end in thirty days; or the first ones
end in thirty days. A request is prepared as on any other day, and then the day comes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from chalicelib.ledger.expiry import service as expiry
from tests.events import Reply
from tests.interleavings.actors import Send
from tests.interleavings.scene import Scene
from tests.interleavings.use_cases import Prepare, erase, freeze, place, purchase
from tests.mall import OPENING, id_of, made

A_MONTH_LATER: Final = datetime(2026, 12, 5, 4, tzinfo=UTC)
PAST: Final = datetime(2028, 12, 1, 4, tzinfo=UTC)
COME_BACK: Final = 503
TO_REMIND: Final = datetime(2028, 10, 31, 4, tzinfo=UTC)


def _look_after(scene: Scene) -> Send:
    _ = scene.lin

    def send() -> Reply:
        expiry.look_after(scene.work, id_of("lin"))
        return Reply(200, {}, "{}")

    return send


def _on(day: datetime, prepare: Prepare) -> Prepare:
    """Return a request on a day; whatever else is prepared finds the mall before it."""

    def prepared(scene: Scene) -> Send:
        scene.mall.clock.instant = OPENING
        _ = scene.lin
        if day == PAST and made(scene.lin.get("/me/wallet"), 200)["lots"][1:] == []:
            scene.mall.clock.instant = A_MONTH_LATER
            scene.earn_more(100)
        send = prepare(scene)
        scene.mall.clock.instant = day
        return send

    return prepared


def _coming_back(prepare: Prepare) -> Prepare:
    """Return a request that is sent again whenever it is told to come back."""

    def prepared(scene: Scene) -> Send:
        send = prepare(scene)

        def again() -> Reply:
            while (reply := send()).status == COME_BACK:
                pass
            return reply

        return again

    return prepared


MET: Final = {"look after": _look_after, "place": place, "purchase": purchase, "freeze": freeze}


def cases(day: datetime) -> dict[str, Prepare]:
    """Return who meets on such a day."""
    return {name: _on(day, prepare) for name, prepare in MET.items()}


def leaving() -> dict[str, tuple[Prepare, Prepare]]:
    """Return what meets an erasure; whoever it overtakes has to come back, and is judged anew."""
    met = [(name, PAST, prepare) for name, prepare in MET.items()]
    met.append(("be reminded", TO_REMIND, _look_after))
    return {name: (_coming_back(_on(day, prepare)), _on(day, erase)) for name, day, prepare in met}
