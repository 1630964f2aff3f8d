"""Who may call what, word by word: a second time, so that no route changes its mind unseen."""

from __future__ import annotations

from typing import Final

PEOPLE: Final = ("member", "partner:acme", "marketing", "support", "finance", "admin")
"""The groups of people; `channel` is a machine's."""
ROLES: Final = ("channel", *PEOPLE)

ANYONE: Final = frozenset(ROLES)
CHANNELS: Final = frozenset({"channel"})
MEMBERS: Final = frozenset({"member"})
CATALOG_DESK: Final = frozenset({"marketing", "admin"})
SUPPORT_DESK: Final = frozenset({"support", "admin"})
FINANCE_DESK: Final = frozenset({"finance", "admin"})
BOOKS_DESK: Final = frozenset({"support", "finance", "admin"})
OPERATORS: Final = frozenset({"marketing", "support", "finance", "admin"})

ALLOWED: Final = {
    "GET /v1/health": ANYONE,
    "GET /v1/openapi.json": ANYONE,
    # Stripe, who shows a signature and no token.
    "POST /v1/webhooks/stripe": ANYONE,
    "GET /v1/catalog": ANYONE,
    "GET /v1/rewards/{id}": ANYONE,
    "GET /v1/me": MEMBERS,
    "POST /v1/me": MEMBERS,
    "DELETE /v1/me": MEMBERS,
    "GET /v1/me/export": MEMBERS,
    "GET /v1/me/catalog": MEMBERS,
    "GET /v1/me/code": MEMBERS,
    "GET /v1/me/expiries": MEMBERS,
    "GET /v1/me/journal": MEMBERS,
    "GET /v1/me/notices": MEMBERS,
    "PUT /v1/me/notices": MEMBERS,
    "GET /v1/me/wallet": MEMBERS,
    "POST /v1/members": CHANNELS | OPERATORS,
    "POST /v1/members/resolve": CHANNELS,
    "POST /v1/purchases": CHANNELS,
    "POST /v1/purchases/{channel}/{purchase_id}/refunds": CHANNELS,
    "POST /v1/earn/quote": CHANNELS | MEMBERS,
    "GET /v1/orders": MEMBERS,
    "POST /v1/orders": MEMBERS,
    "POST /v1/orders/quote": MEMBERS,
    "GET /v1/orders/{id}": MEMBERS,
    "POST /v1/me/claims": MEMBERS,
    "GET /v1/me/check-ins": MEMBERS,
    "POST /v1/me/check-ins": MEMBERS,
    "GET /v1/me/tasks": MEMBERS,
    "POST /v1/me/tasks/{task}": MEMBERS,
    "POST /v1/orders/{id}/cancel": MEMBERS,
    "POST /v1/orders/{id}/codes": MEMBERS,
    "POST /v1/orders/{id}/fulfilment": SUPPORT_DESK,
    "POST /v1/orders/{id}/refunds": SUPPORT_DESK,
    "POST /v1/orders/{id}/review": SUPPORT_DESK,
    "GET /v1/admin/orders": SUPPORT_DESK,
    "GET /v1/admin/orders/{id}": BOOKS_DESK,
    "GET /v1/admin/adjustments": BOOKS_DESK,
    "POST /v1/admin/adjustments": SUPPORT_DESK,
    "GET /v1/admin/adjustments/{id}": BOOKS_DESK,
    "POST /v1/admin/adjustments/{id}/approve": FINANCE_DESK,
    "POST /v1/admin/adjustments/{id}/reject": FINANCE_DESK,
    "GET /v1/admin/audit": BOOKS_DESK,
    "GET /v1/admin/members/{id}": BOOKS_DESK,
    "GET /v1/admin/members/{id}/journal": BOOKS_DESK,
    "GET /v1/admin/members/{id}/verify": BOOKS_DESK,
    "GET /v1/admin/members/{id}/wallet": BOOKS_DESK,
    "POST /v1/admin/members/{id}/freeze": SUPPORT_DESK,
    "POST /v1/admin/members/{id}/thaw": SUPPORT_DESK,
    "GET /v1/admin/parked": SUPPORT_DESK,
    "POST /v1/admin/parked/{id}/replay": SUPPORT_DESK,
    "GET /v1/admin/program": CATALOG_DESK,
    "PUT /v1/admin/program": CATALOG_DESK,
    "GET /v1/admin/campaigns": CATALOG_DESK,
    "POST /v1/admin/campaigns": CATALOG_DESK,
    "GET /v1/admin/campaigns/{id}": CATALOG_DESK,
    "PUT /v1/admin/campaigns/{id}": CATALOG_DESK,
    "GET /v1/admin/rewards": CATALOG_DESK,
    "POST /v1/admin/rewards": CATALOG_DESK,
    "GET /v1/admin/rewards/{id}": CATALOG_DESK,
    "PUT /v1/admin/rewards/{id}": CATALOG_DESK,
    "GET /v1/admin/rewards/{id}/stock": CATALOG_DESK,
    "POST /v1/admin/rewards/{id}/stock": CATALOG_DESK,
    "POST /v1/admin/rewards/{id}/stock/withdraw": CATALOG_DESK,
    "GET /v1/admin/rewards/{id}/codes": CATALOG_DESK,
    "POST /v1/admin/rewards/{id}/codes": CATALOG_DESK,
    "GET /v1/admin/rewards/{id}/codes/{import}": CATALOG_DESK,
    "POST /v1/admin/rewards/{id}/codes/{import}/execute": CATALOG_DESK,
}
"""Every operation and who may call it."""
