"""What a client of the crash matrix sends who leaves for good, from everything that there is."""

from __future__ import annotations

from tests.crash_requests import ADDRESS, PRICE, Clients
from tests.crashes import Send
from tests.events import Api, a_caller
from tests.mall import made
from tests.orders import placed, send
from tests.privacy import hold_a_notice


def erase(clients: Clients) -> Send:
    subject, mall = f"member-{next(clients.numbers)}", clients.mall
    told = {"subject": subject, "name": "Lin", "phone": f"+86{next(clients.numbers):011d}"}
    made(mall.till.post("/members", told), 201)
    mall.earn(subject, 2 * PRICE)
    api = Api(mall.app, a_caller("member", subject=subject))
    order = placed(api, clients.plain, address=ADDRESS)
    made(send(mall, order, tracking="SF-1"), 200)
    made(api.put("/me/notices", {"sms": True}), 200)
    hold_a_notice(mall, subject, order=order)
    return lambda: api.delete("/me", {"confirm": True})
