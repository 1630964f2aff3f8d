"""Points besides buying, where two requests meet: a day, a cap, a piece of evidence, a month."""

from __future__ import annotations

from typing import Final

from tests.activities import hear, refer
from tests.events import Reply
from tests.interleavings.actors import Send
from tests.interleavings.scene import Scene
from tests.mall import CHANNEL_NAME
from tests.orders import change_program

ONE_A_MONTH: Final = {"per_month": 1}


def check_in(scene: Scene) -> Send:
    lin, key = scene.lin, scene.key()
    return lambda: lin.post("/me/check-ins", key=key)


def review(scene: Scene) -> Send:
    """Review what nobody reviewed before, which is paid once a day."""
    return _done(scene, "review", f"review {scene.key()}")


def share(scene: Scene) -> Send:
    """Share what is new each time."""
    return _done(scene, "share", f"post {scene.key()}")


def share_the_same(scene: Scene) -> Send:
    """Share what is shared by this request's likes as well."""
    return _done(scene, "share", "the same post")


def hear_of_a_friend(scene: Scene) -> Send:
    """Hear of the purchase of somebody new whom Lin referred; one a month is paid for."""
    name = f"friend-{next(scene.numbers)}"
    _ = scene.lin
    settings = scene.mall.marketing.get("/admin/program")["activities"]
    referral = settings["referral"] | ONE_A_MONTH
    change_program(scene.mall, activities=settings | {"referral": referral})
    refer(scene.mall, name, "lin")
    scene.mall.earn(name, 10)

    def send() -> Reply:
        hear(scene.work, name)
        return Reply(200, {}, "{}")

    return send


def hear_of_the_friend(scene: Scene) -> Send:
    """Hear of all that happened to somebody new, whom whoever else is here hears of as well."""
    name = scene.friend

    def send() -> Reply:
        hear(scene.work, name)
        return Reply(200, {}, "{}")

    return send


def hear_of_the_return(scene: Scene) -> Send:
    """Hear, as whoever else is here, that what was paid for went back."""
    hear(scene.work, scene.friend)
    path = f"/purchases/{CHANNEL_NAME}/{scene.friend}/refunds"
    scene.mall.till.post(path, {"refund_id": "back", "amount": 1_000})
    return hear_of_the_friend(scene)


def return_and_hear(scene: Scene) -> Send:
    """Give back what somebody new has bought, and hear of that."""
    till, name, refund_id = scene.mall.till, scene.friend, scene.key()
    path = f"/purchases/{CHANNEL_NAME}/{name}/refunds"

    def send() -> Reply:
        reply = till.post(path, {"refund_id": refund_id, "amount": 1_000})
        hear(scene.work, name)
        return reply

    return send


def _done(scene: Scene, task: str, evidence: str) -> Send:
    lin, key, path = scene.lin, scene.key(), f"/me/tasks/{task}"
    return lambda: lin.post(path, {"evidence": evidence}, key=key)
