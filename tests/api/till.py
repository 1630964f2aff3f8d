"""A till at work: a house with nothing but earning, one member, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest

from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Account, Entry, Reason
from chalicelib.ledger.members import service as members
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.model import Program, Wanted
from chalicelib.storage.table import Item, connection
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.amending import service as amending
from chalicelib.tiers.earning import routes as earning
from chalicelib.tiers.marketing import routes as marketing
from chalicelib.tiers.quotes import routes as quotes
from chalicelib.web.house import House
from tests.events import CHANNEL, MEMBER, Api, Reply

NOW: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)
"""Four in the afternoon in Shanghai."""
STORE: Final = "store-1"
"""The channel of `CHANNEL`'s client."""
MEMBER_ID: Final = "mem_00000000001"
STRANGER_ID: Final = "mem_00000000002"
"""An id that nobody has."""

Body = Mapping[str, object]


@dataclass
class Hand:
    """A clock that stands where it was put."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Return where it stands."""
        return self.at


@dataclass
class Till:
    """The house seen from a till of `store-1`."""

    clock: Hand = field(default_factory=Hand)

    def __post_init__(self) -> None:
        """Open the house."""
        self.app = House(clock=self.clock)
        for room in (earning, quotes, marketing):
            self.app.register_blueprint(room.routes)
        self.api = Api(self.app, CHANNEL)

    @property
    def work(self) -> Work:
        """Return the circumstances of a use case now."""
        return Work(self.clock.now())

    def enrol(self, member_id: str = MEMBER_ID) -> None:
        """Make a member."""
        persist(self.work, lambda tx: wallets.enrol(tx, member_id, program_version=0))

    def change_program(self, **changes: Any) -> Program:
        """Put the next version of the settings."""
        wanted = replace(documents.present(self.work), **changes)
        mark = f"{wanted.version}".encode()
        return amending.change(self.work, Wanted(wanted, "sub-operator", mark))

    def purchase(self, purchase_id: str = "p-1", amount: int = 12850, **more: object) -> Reply:
        """Report a purchase."""
        return self.api.post("/purchases", a_purchase(purchase_id, amount, **more))

    def refund(self, refund_id: str, amount: object, *, purchase_id: str = "p-1") -> Reply:
        """Report a refund."""
        path = f"/purchases/{STORE}/{purchase_id}/refunds"
        return self.api.post(path, {"refund_id": refund_id, "amount": amount})

    def wallet(self, member_id: str = MEMBER_ID) -> Wallet:
        """Return a member's wallet."""
        return wallets.open_wallet(self.work, member_id).wallet

    def newest_entry(self) -> Entry:
        """Return what was written last into the member's journal."""
        return journal.page(self.work, MEMBER_ID, limit=1, after=None).items[0]

    def spend(self, points: int) -> None:
        """Redeem points of the member."""
        opened = wallets.open_wallet(self.work, MEMBER_ID)

        def attempt(tx: Transaction) -> None:
            posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
            posting.spend(points, into=Account.REDEEMED)
            wallets.add(tx, posting.close(Reason.REDEMPTION, at=self.work.now))

        persist(self.work, attempt)

    def faults(self) -> tuple[str, ...]:
        """Return whatever an audit of the member finds."""
        return wallets.audit(self.work, MEMBER_ID).faults


def a_till() -> Till:
    """Return a till whose channel is known, and whose customer is a member."""
    till = Till()
    till.change_program(channels={CHANNEL.client: STORE})
    till.enrol()
    return till


def a_purchase(purchase_id: str = "p-1", amount: int = 12850, **more: object) -> Body:
    """Return the body of a purchase."""
    return {
        "channel": STORE,
        "purchase_id": purchase_id,
        "member_id": MEMBER_ID,
        "paid": {"amount": amount, "currency": "cny"},
        **more,
    }


def a_member_of_their_own(till: Till) -> str:
    """Enrol the caller `MEMBER` and return their id."""
    member_id = members.member_of(MEMBER.subject)
    till.enrol(member_id)
    return member_id


def whole_table() -> list[dict[str, object]]:
    """Return every item, so that a test can say that nothing was written."""
    return sorted((item.to_simple_dict() for item in Item.scan(consistent_read=True)), key=repr)


@contextmanager
def meanwhile(act: Callable[[], object], *, sent: int = 0) -> Iterator[list[str]]:
    """Do something just before a transaction inside is sent; list the calls made inside.

    It is the first one, or the one after so many were `sent`.

    What is done meanwhile counts as a call of its own, `…`.
    """
    made: list[str] = []
    busy = False
    events = connection().connection.client.meta.events

    def before_send(request: AWSPreparedRequest, **_: object) -> None:
        nonlocal busy
        operation = str(request.headers["X-Amz-Target"]).rpartition(".")[2].rstrip("'")
        if busy:
            return
        due = "…" not in made and made.count("TransactWriteItems") == sent
        if operation == "TransactWriteItems" and due:
            busy = True
            act()
            busy = False
            made.append("…")
        made.append(operation)

    events.register_first("before-send.dynamodb", before_send)
    try:
        yield made
    finally:
        events.unregister("before-send.dynamodb", before_send)
