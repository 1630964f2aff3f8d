"""What the clients of the crash matrix send to whoever tells members something."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.gateways.messages.model import Channel
from chalicelib.kernel.errors import Unavailable
from chalicelib.outreach.notices import store
from chalicelib.outreach.notices.model import Held
from chalicelib.outreach.relay import service as relay
from chalicelib.outreach.relay.rules import parked
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from chalicelib.web.jobs import SomeFailed
from infra.local import jobs
from tests.crash_orders import DONE, TRY_AGAIN
from tests.crash_requests import Clients, member_without_a_birthday
from tests.crashes import Send
from tests.events import Api, Reply, a_caller
from tests.mall import id_of, made
from tests.tape import a_record

HELD: Final = "held-notices"


def wish(clients: Clients) -> Send:
    api = member_without_a_birthday(clients)
    return lambda: api.put("/me/notices", {"sms": True, "language": "zh-CN"})


def ask_for_a_replay(clients: Clients) -> Send:
    work = Work(clients.mall.clock.now())
    record = a_record({"p": {"S": id_of(clients.subject())}, "s": {"S": "J#000000000009"}})
    aside = parked(record, why="KeyError", at=work.now)
    relay.park(work, aside)
    return lambda: clients.mall.support.post(f"/admin/parked/{aside.id}/replay")


def send_held(clients: Clients) -> Send:
    """The job, of a notice that waited; whoever runs it again does so when its lease is over."""
    subject = f"told-{next(clients.numbers)}"
    api = Api(clients.mall.app, a_caller("member", subject=subject))
    made(api.post("/me", {"email": f"{subject}@example.test"}), 201)
    path = f"/admin/members/{id_of(subject)}/freeze"
    made(clients.mall.support.post(path, {"reason": "lost"}), 200)
    work = Work(clients.mall.clock.now())
    notice = Notice(id_of(subject), "J#000000000002", Kind.FROZEN)
    held = Held(notice, Channel.MAIL, work.now - timedelta(minutes=1))
    persist(work, lambda tx: store.put_new(tx, held))

    def send() -> Reply:
        clients.mall.clock.advance(minutes=6)
        try:
            jobs.run(clients.mall.app, HELD, now=clients.mall.clock.now())
        except (SomeFailed, Unavailable):
            return TRY_AGAIN
        return DONE

    return send
