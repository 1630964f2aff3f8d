"""What members are told, on a running stack: the mails that its jobs and operators cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.stack.client import Client
from tests.stack.process import a_stack, until

CHANNEL: Final = "mail-shop"
REWARD: Final = {
    "kind": "goods",
    "title": {"zh": "马克杯", "en": "Mug"},
    "options": [{"points": 100}],
    "stock": {"mode": "unlimited"},
}
TOLD: Final = ("You redeemed: Mug", "Order cancelled: Mug", "Your account was frozen")


def mails(client: Client, to: str) -> list[dict[str, Any]]:
    """Return what somebody was told, the newest last."""
    answer = client.ask("/messages")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return [item for item in items if item["to"] == to]


def member_who_redeems(client: Client, subject: str) -> Client:
    """Return a member whose order was settled and cancelled, and who was frozen then."""
    lin = client.member(subject)
    sale = {
        "channel": CHANNEL,
        "purchase_id": f"sale-{subject}",
        "member_id": lin.member_id,
        "paid": {"amount": 100_000, "currency": "cny"},
    }
    assert client.till(CHANNEL).post("/purchases", sale).status_code == 201
    marketing = client.person("op-marketing", "marketing")
    reward = marketing.post("/admin/rewards", REWARD, key=f"mug-{subject}").json()["id"]
    order = lin.post("/orders", {"reward_id": reward}, key="order")
    assert order.status_code == 201, order.text
    assert lin.post(f"/orders/{order.json()['id']}/cancel", key="cancel").status_code == 200
    freeze = f"/admin/members/{lin.member_id}/freeze"
    frozen = client.person("op-support", "support").post(freeze, {"reason": "A stolen phone."})
    assert frozen.status_code == 200
    return lin


def test_a_member_is_told_by_mail_in_order(client: Client) -> None:
    lin = member_who_redeems(client, "told")
    until(lambda: len(mails(lin, "told@example.test")) == 3)
    found = mails(lin, "told@example.test")
    assert tuple(mail["subject"] for mail in found) == TOLD
    assert {mail["channel"] for mail in found} == {"mail"}
    assert set(found[0]) == {"to", "channel", "subject", "text", "sent_at"}


def test_points_that_end_are_told_a_month_before_and_a_restart_forgets_nothing(
    tmp_path: Path,
) -> None:
    home = tmp_path / "reminded"
    with a_stack(home) as first:
        client = first.client()
        member_who_redeems(client, "reminded")
        until(lambda: len(mails(client, "reminded@example.test")) == 3)
    with a_stack(home) as second:
        client = second.client()
        assert client.ask("/clock", {"advance": "P23M"}).status_code == 200
        # Points are good through the end of the 24th month: a month later at most 29 days are left.
        assert client.ask("/clock", {"advance": "P31D"}).status_code == 200
        assert client.ask("/jobs/expiry", {}).status_code == 200
        assert client.ask("/jobs/expiry", {}).status_code == 200
        until(lambda: len(mails(client, "reminded@example.test")) == 4)
        told = [mail["subject"] for mail in mails(client, "reminded@example.test")]
        assert tuple(told) == (*TOLD, "Some of your points end soon")
