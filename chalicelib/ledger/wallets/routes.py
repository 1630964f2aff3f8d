"""Wallets over HTTP: a member's own, and what operators see and do."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from chalicelib.kernel.errors import Contended, NotEnrolled, NotFound
from chalicelib.kernel.ids import member_id_of
from chalicelib.ledger.dates.rules import usable_through
from chalicelib.ledger.wallets import service
from chalicelib.ledger.wallets.model import NEVER
from chalicelib.ledger.wallets.rules import balance, usable_lots
from chalicelib.ledger.wallets.service import Opened
from chalicelib.settings import settings
from chalicelib.web.bodies import PRINTABLE, Body, View
from chalicelib.web.calls import Call
from chalicelib.web.routes import Example, Routes

REASON_CHARS_MAX: Final = 200
"""A sentence, so that an audit row stays small."""

routes = Routes(__name__)

WALLET_EXAMPLE: Final[Example] = {
    "available": 1200,
    "held": 0,
    "debt": 0,
    "lots": [
        {"expires_on": "2028-11-30", "usable_through": "2028-11-30", "points": 1000},
        {"expires_on": None, "usable_through": None, "points": 200},
    ],
    "next_expiry": "2028-11-30",
}
ID_EXAMPLE: Final = {"id": "mem_0Ab1Cd2Ef3G"}


class LotView(View):
    """Points of one date; both dates are null for points that never expire."""

    expires_on: date | None
    usable_through: date | None
    points: int


class WalletView(View):
    """What can be used today, what is held, what is owed, and when points next expire."""

    available: int
    held: int
    debt: int
    lots: list[LotView]
    next_expiry: date | None

    @classmethod
    def of(cls, opened: Opened) -> WalletView:
        """Return a wallet as of its program's today; points past their day are not told."""
        wallet = opened.wallet
        lots = [
            LotView(
                expires_on=_told(lot.expires_on),
                usable_through=_told(usable_through(lot.expires_on, wallet.exempt_until)),
                points=lot.points,
            )
            for lot in usable_lots(wallet, opened.today)
        ]
        return cls(
            available=balance(wallet, opened.today),
            held=wallet.held,
            debt=wallet.debt,
            lots=lots,
            next_expiry=lots[0].usable_through if lots else None,
        )


class VerifyView(View):
    """What walking a member's journal found."""

    intact: bool
    faults: list[str]
    entries: int


class ReasonDraft(Body):
    """Why an operator does it."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARS_MAX, pattern=PRINTABLE)]


class FrozenView(View):
    """Whether a member's spending is stopped."""

    id: str
    frozen: bool


@routes.get(
    "/me/wallet",
    roles=("member",),
    answer=WalletView,
    summary="My points: what can be used, and until when",
    refusals=(NotEnrolled,),
    answer_example=WALLET_EXAMPLE,
)
def show_mine(call: Call[None]) -> WalletView:
    """Show the caller's points."""
    member_id = member_id_of(settings().secret, call.identity.subject)
    return WalletView.of(service.open_wallet(call.work, member_id))


@routes.get(
    "/admin/members/{id}/wallet",
    roles=("support", "finance"),
    answer=WalletView,
    summary="A member's points",
    refusals=(NotFound,),
    answer_example=WALLET_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def show(call: Call[None]) -> WalletView:
    """Show a member's points to an operator."""
    return WalletView.of(service.open_wallet(call.work, call.path["id"], absent=NotFound))


@routes.get(
    "/admin/members/{id}/verify",
    roles=("support", "finance"),
    answer=VerifyView,
    summary="Recompute a member's wallet from its journal",
    refusals=(NotFound,),
    answer_example={"intact": True, "faults": [], "entries": 12},
    path_example=ID_EXAMPLE,
)
def verify(call: Call[None]) -> VerifyView:
    """Walk a member's journal."""
    audited = service.audit(call.work, call.path["id"])
    return VerifyView(
        intact=not audited.faults, faults=list(audited.faults), entries=audited.entries
    )


@routes.post(
    "/admin/members/{id}/freeze",
    roles=("support",),
    body=ReasonDraft,
    answer=FrozenView,
    summary="Stop a member's spending",
    refusals=(NotFound, Contended),
    example={"reason": "The card was reported stolen."},
    answer_example={"id": "mem_0Ab1Cd2Ef3G", "frozen": True},
    path_example=ID_EXAMPLE,
)
def freeze(call: Call[ReasonDraft]) -> FrozenView:
    """Freeze a member; one who is frozen already stays so."""
    return _set_frozen(call, frozen=True)


@routes.post(
    "/admin/members/{id}/thaw",
    roles=("support",),
    body=ReasonDraft,
    answer=FrozenView,
    summary="Allow a member's spending again",
    refusals=(NotFound, Contended),
    example={"reason": "The card was found again."},
    answer_example={"id": "mem_0Ab1Cd2Ef3G", "frozen": False},
    path_example=ID_EXAMPLE,
)
def thaw(call: Call[ReasonDraft]) -> FrozenView:
    """Thaw a member; one who is not frozen stays so."""
    return _set_frozen(call, frozen=False)


def _set_frozen(call: Call[ReasonDraft], *, frozen: bool) -> FrozenView:
    wallet = service.set_frozen(
        call.work,
        call.path["id"],
        frozen=frozen,
        by=call.identity.subject,
        reason=call.body.reason,
    )
    return FrozenView(id=wallet.member_id, frozen=wallet.frozen)


def _told(day: date) -> date | None:
    return None if day == NEVER else day
