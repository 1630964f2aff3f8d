"""Requests that meet at a desk: corrections, notices, and a budget that somebody changes."""

from __future__ import annotations

import json
from typing import Final

from chalicelib.outreach.notices import service as notices
from chalicelib.outreach.notices.rules import SENT
from chalicelib.outreach.notices.service import Counts
from tests.events import Reply
from tests.interleavings.actors import Send
from tests.interleavings.scene import Scene
from tests.mall import a_purchase, id_of
from tests.outbox import Outbox

PATH: Final = "/admin/adjustments"
MORE_THAN_HALF: Final = 600
"""Of what one person moves alone of a member in a day: one is made, and the next one waits."""


def approve(scene: Scene) -> Send:
    return _decided(scene, "approve")


def reject(scene: Scene) -> Send:
    return _decided(scene, "reject")


def give_alone(scene: Scene) -> Send:
    """Give points without a second person, as far as a day allows."""
    body = {"member_id": _lin(scene), "points": MORE_THAN_HALF, "reason": "Miscounted."}
    key = scene.key()
    return lambda: scene.mall.support.post(PATH, body, key=key)


def hear(scene: Scene) -> Send:
    """Hear, as whoever else is here, that Lin was frozen; the answer says what was sent."""
    fact = scene.frozen

    def send() -> Reply:
        return _sent(notices.hear(scene.work, Outbox(), fact=fact))

    return send


def send_held(scene: Scene) -> Send:
    """Send what nobody carried before; the answer says what was sent."""
    name = scene.uncarried

    def send() -> Reply:
        return _sent(notices.deliver(scene.work, Outbox(), name=name))

    return send


def wish_sms(scene: Scene) -> Send:
    """Wish to be told by SMS, too."""
    lin = scene.lin
    return lambda: lin.put("/me/notices", {"sms": True})


def wish_no_reminders(scene: Scene) -> Send:
    """Wish for no reminders."""
    lin = scene.lin
    return lambda: lin.put("/me/notices", {"reminders": False})


def buy(scene: Scene) -> Send:
    """Buy what a campaign gives as many points for, while its budget lasts."""
    _ = scene.campaign
    report = a_purchase("lin", 50, f"lin-{next(scene.numbers) + 1}")
    return lambda: scene.mall.till.post("/purchases", report)


def cut(scene: Scene) -> Send:
    """Leave less than is given by the next purchase."""
    path = f"/admin/campaigns/{scene.campaign}"
    read = scene.mall.marketing.get(path)
    body, tag = {**read.json, "budget": 30}, {"If-Match": read.headers["etag"]}
    return lambda: scene.mall.marketing.put(path, body, headers=tag)


def _decided(scene: Scene, verdict: str) -> Send:
    path, key = f"{PATH}/{scene.proposal}/{verdict}", scene.key()
    return lambda: scene.mall.finance.post(path, {}, key=key)


def _sent(counts: Counts) -> Reply:
    return Reply(200, {}, json.dumps({"sent": counts.get(SENT, 0)}))


def _lin(scene: Scene) -> str:
    _ = scene.lin
    return id_of("lin")
