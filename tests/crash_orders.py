"""What the clients of the crash matrix send about orders, units, codes and claims.

Each client has a member of its own, so that every date and every limit can be compared. Rewards
that many clients share are made once; one whose stock is compared exactly is the client's own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.kernel.errors import Unavailable
from chalicelib.web.jobs import SomeFailed
from tests.crash_requests import ADDRESS, CODED, POINTS, PRICE, Clients
from tests.crashes import Send
from tests.events import Api, Json, Reply, a_caller
from tests.mall import CHANNEL_NAME, OPENING, made
from tests.orders import placed, run_deadlines, run_expiry

TWO_NUMBERS: Final[Json] = {"stock": {"mode": "numbered", "units": 2}}
FIVE_NUMBERS: Final[Json] = {"stock": {"mode": "numbered", "units": 5}}
EIGHT: Final[Json] = {"stock": {"mode": "counted", "units": 8}}
TOO_LATE: Final = timedelta(hours=73)
A_MONTH_LATER: Final = OPENING.replace(month=12, day=5)
THE_DAY_AFTER: Final = OPENING.replace(year=2028, month=12, day=1)
DONE: Final = Reply(200, {}, "null")
TRY_AGAIN: Final = Reply(
    503,
    {"content-type": "application/problem+json", "retry-after": "1"},
    '{"code": "unavailable"}',
)
"""What a job that failed says to its scheduler, in the words of a request."""


def owner(clients: Clients) -> Api:
    """Return a new member with some points."""
    subject = clients.subject()
    clients.mall.earn(subject, POINTS)
    return Api(clients.mall.app, a_caller("member", subject=subject))


def order(clients: Clients, api: Api, reward: str, **more: object) -> str:
    """Return where a new order of two units is."""
    return f"/orders/{placed(api, reward, key=clients.key(), quantity=2, **more)['id']}"


def redeem_numbers(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    body = {"reward_id": clients.drop, "quantity": 2}
    return lambda: api.post("/orders", body, key=key)


def redeem_the_last_numbers(clients: Clients) -> Send:
    """The dispenser is past the end, and what was given back lies in the blocks."""
    api, key = owner(clients), clients.key()
    reward = clients.mall.reward(PRICE, **TWO_NUMBERS)
    made(api.post(f"{order(clients, api, reward)}/cancel", key=clients.key()), 200)
    return lambda: api.post("/orders", {"reward_id": reward, "quantity": 2}, key=key)


def redeem_into_review(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    body = {"reward_id": clients.strict}
    return lambda: api.post("/orders", body, key=key)


def cancel(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    path = order(clients, api, clients.limited, address=ADDRESS)
    return lambda: api.post(f"{path}/cancel", key=key)


def cancel_codes(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    path = order(clients, api, clients.pool)
    return lambda: api.post(f"{path}/cancel", key=key)


def refund_part(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    path = order(clients, api, clients.limited)
    body = {"quantity": 1, "restock": True}
    return lambda: clients.mall.support.post(f"{path}/refunds", body, key=key)


def refund_fetched_codes(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    path = order(clients, api, clients.pool)
    made(api.post(f"{path}/codes"), 200)
    body = {"restock": True}
    return lambda: clients.mall.support.post(f"{path}/refunds", body, key=key)


def fulfil(clients: Clients) -> Send:
    path = order(clients, owner(clients), clients.plain, address=ADDRESS)
    body = {"state": "sent", "tracking": "SF 1"}
    return lambda: clients.mall.support.post(f"{path}/fulfilment", body)


def fetch_codes(clients: Clients) -> Send:
    api = owner(clients)
    path = order(clients, api, clients.pool)
    return lambda: api.post(f"{path}/codes")


def approve(clients: Clients) -> Send:
    path, key = order(clients, owner(clients), clients.strict), clients.key()
    body = {"decision": "approve", "reason": "looked at"}
    return lambda: clients.mall.support.post(f"{path}/review", body, key=key)


def reject(clients: Clients) -> Send:
    path, key = order(clients, owner(clients), clients.strict), clients.key()
    body = {"decision": "reject", "reason": "looked at"}
    return lambda: clients.mall.support.post(f"{path}/review", body, key=key)


def look_too_late(clients: Clients) -> Send:
    """A look that writes: the order waited past its deadline."""
    clients.mall.clock.instant = OPENING
    path = order(clients, owner(clients), clients.strict)
    clients.mall.clock.instant = OPENING + TOO_LATE
    return lambda: clients.mall.support.get(f"/admin{path}")


def end_overdue_orders(clients: Clients) -> Send:
    """The job, of two orders that waited past their deadline; it is run again until it is done."""
    clients.mall.clock.instant = OPENING
    api = owner(clients)
    for _ in range(2):
        order(clients, api, clients.strict)
    clients.mall.clock.instant = OPENING + TOO_LATE

    def send() -> Reply:
        try:
            run_deadlines(clients.mall)
        except (SomeFailed, Unavailable):
            return TRY_AGAIN
        return DONE

    return send


def look_after_wallets(clients: Clients) -> Send:
    """The job, on the day after the last one of some points, and thirty days before others'."""
    for earned_at in (OPENING, A_MONTH_LATER):
        clients.mall.clock.instant = earned_at
        clients.mall.earn(clients.subject(), POINTS)
    clients.mall.clock.instant = THE_DAY_AFTER

    def send() -> Reply:
        try:
            run_expiry(clients.mall)
        except (SomeFailed, Unavailable):
            return TRY_AGAIN
        return DONE

    return send


def withdraw(clients: Clients) -> Send:
    reward, key = clients.mall.reward(PRICE, **EIGHT), clients.key()
    path = f"/admin/rewards/{reward}/stock/withdraw"
    return lambda: clients.mall.marketing.post(path, {"units": 5}, key=key)


def withdraw_numbers(clients: Clients) -> Send:
    reward, key = clients.mall.reward(PRICE, **FIVE_NUMBERS), clients.key()
    path = f"/admin/rewards/{reward}/stock/withdraw"
    return lambda: clients.mall.marketing.post(path, {"units": 3}, key=key)


def upload_codes(clients: Clients) -> Send:
    path, key = f"/admin/rewards/{clients.pool}/codes", clients.key()
    body = codes(clients)
    return lambda: clients.mall.marketing.post(path, body, key=key)


def import_codes(clients: Clients) -> Send:
    path = f"/admin/rewards/{clients.mall.reward(PRICE, **CODED)}/codes"
    begun = made(clients.mall.marketing.post(path, codes(clients), key=clients.key()), 201)
    return lambda: clients.mall.marketing.post(f"{path}/{begun['id']}/execute")


def guest_purchase(clients: Clients) -> Send:
    body = guest(clients)
    return lambda: clients.mall.till.post("/purchases", body)


def claim(clients: Clients) -> Send:
    code = made(guest_purchase(clients)(), 201)["claim_code"]
    api = Api(clients.mall.app, a_caller("member", subject=clients.subject()))
    key = clients.key()
    return lambda: api.post("/me/claims", {"claim_code": code}, key=key)


def refund_unclaimed(clients: Clients) -> Send:
    body = guest(clients)
    made(clients.mall.till.post("/purchases", body), 201)
    path = f"/purchases/{CHANNEL_NAME}/{body['purchase_id']}/refunds"
    back = {"refund_id": "r", "amount": 3000}
    return lambda: clients.mall.till.post(path, back)


def claim_wrongly(clients: Clients) -> Send:
    # Wrong tries count by member.
    api = Api(clients.mall.app, a_caller("member", subject=clients.subject()))
    key = clients.key()
    return lambda: api.post("/me/claims", {"claim_code": "0" * 16}, key=key)


def codes(clients: Clients) -> Json:
    """Return a file of two codes that nobody has, a blank line, and one of the codes again."""
    first, second = (f"UNIT-{next(clients.numbers)}" for _ in range(2))
    return {"csv": f"{first}\n{second}\n\n{first}"}


def guest(clients: Clients) -> Json:
    """Return the report of a purchase of nobody's."""
    return {
        "channel": CHANNEL_NAME,
        "purchase_id": f"purchase-{next(clients.numbers)}",
        "member_id": None,
        "paid": {"amount": 12_850, "currency": "cny"},
    }
