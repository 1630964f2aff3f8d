"""Composition: every room's routes and every background function, on one Chalice app."""

from __future__ import annotations

import gc

# What is imported stays. Looking for garbage in it, again and again, would cost a tenth of a start.
gc.disable()

from chalicelib.catalog.restock import routes as restock
from chalicelib.catalog.rewards import routes as rewards
from chalicelib.catalog.shelf import routes as shelf
from chalicelib.ledger.journal import routes as journal
from chalicelib.ledger.members import routes as members
from chalicelib.ledger.wallets import routes as wallets
from chalicelib.program.audit import routes as audit
from chalicelib.program.documents import routes as documents
from chalicelib.redeem.checkout import routes as checkout
from chalicelib.tiers.earning import routes as earning
from chalicelib.web import authorizer, contract, health
from chalicelib.web.house import House

app = House(app_name="jifen")

for blueprint in (
    authorizer.blueprint,
    health.routes,
    documents.routes,
    audit.routes,
    members.routes,
    wallets.routes,
    journal.routes,
    earning.routes,
    rewards.routes,
    restock.routes,
    shelf.routes,
    checkout.routes,
):
    app.register_blueprint(blueprint)

app.register_blueprint(contract.published(app))

gc.freeze()
gc.enable()
