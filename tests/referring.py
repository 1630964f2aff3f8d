"""Members who refer others, in tests: who joins, what they buy and return, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from chalicelib.storage.work import Work
from chalicelib.web import jobs as web_jobs
from tests.events import Json, Reply
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import change_program
from tests.outbox import telling
from tests.tape import Tape


def a_tape(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tape]:
    """Yield the stream of a mall whose relay waits for nothing."""
    monkeypatch.setattr(web_jobs, "Work", partial(Work, pause=lambda _: None))
    with telling(mall):
        yield Tape()


def joined(mall: Mall, subject: str, by: str | None = None, **told: Any) -> Reply:
    """Let somebody join at a till, perhaps because a member referred them."""
    referred = {} if by is None else {"referred_by": id_of(by)}
    return mall.till.post("/members", {"subject": subject, **referred, **told})


def bought(mall: Mall, subject: str, yuan: int = 100, *, purchase_id: str = "") -> Json:
    """Let a member buy."""
    sale = a_purchase(subject, yuan, purchase_id or f"{subject}-1")
    return made(mall.till.post("/purchases", sale), 201)


def available(mall: Mall, subject: str) -> int:
    """Return what a member can spend."""
    wallet = mall.support.get(f"/admin/members/{id_of(subject)}/wallet")
    return int(wallet["available"])


def set_referral(mall: Mall, **changes: Any) -> None:
    """Change what a referral brings."""
    shown: Json = mall.marketing.get("/admin/program")["activities"]
    change_program(mall, activities=shown | {"referral": shown["referral"] | changes})


def returned(mall: Mall, subject: str, yuan: int = 100, *, refund_id: str = "r") -> Json:
    """Give back so much of what a member bought first."""
    back = {"refund_id": refund_id, "amount": yuan * 100}
    return made(mall.till.post(f"/purchases/store-1/{subject}-1/refunds", back), 201)
