"""Wallets over HTTP: a member's own, and what operators see and do."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from chalicelib.kernel.errors import Contended, NotEnrolled, NotFound
from chalicelib.kernel.ids import member_id_of
from chalicelib.ledger.journal.views import PAGE_EXAMPLE, EntryView, page_for
from chalicelib.ledger.wallets import service
from chalicelib.ledger.wallets.views import WALLET_EXAMPLE, WalletView
from chalicelib.settings import settings
from chalicelib.web.bodies import PRINTABLE, Body, PageQuery, View
from chalicelib.web.calls import Call
from chalicelib.web.paging import Paged
from chalicelib.web.routes import Routes

REASON_CHARS_MAX: Final = 200
"""A sentence, so that an audit row stays small."""

routes = Routes(__name__)

ID_EXAMPLE: Final = {"id": "mem_0Ab1Cd2Ef3G"}


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
    "/me/journal",
    roles=("member",),
    query=PageQuery,
    answer=Paged[EntryView],
    summary="What happened to my points, and why",
    refusals=(NotEnrolled,),
    answer_example=PAGE_EXAMPLE,
)
def list_mine(call: Call[None, PageQuery]) -> Paged[EntryView]:
    """List the caller's entries."""
    member_id = member_id_of(settings().secret, call.identity.subject)
    service.open_wallet(call.work, member_id)
    return page_for(call, member_id)


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
