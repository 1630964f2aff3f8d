"""Composition: every room's routes and every background function, on one Chalice app."""

from __future__ import annotations

import gc

# What is imported stays. Looking for garbage in it, again and again, would cost a tenth of a start.
gc.disable()

from chalicelib.catalog.codes import routes as codes
from chalicelib.catalog.restock import routes as restock
from chalicelib.catalog.rewards import routes as rewards
from chalicelib.catalog.shelf import routes as shelf
from chalicelib.ledger.journal import routes as journal
from chalicelib.ledger.members import routes as members
from chalicelib.ledger.wallets import routes as wallets
from chalicelib.program.audit import routes as audit
from chalicelib.program.documents import routes as documents
from chalicelib.redeem.checkout import routes as checkout
from chalicelib.redeem.fulfilment import routes as fulfilment
from chalicelib.redeem.progress import jobs as order_jobs
from chalicelib.redeem.progress import routes as orders
from chalicelib.redeem.returns import jobs as refund_jobs
from chalicelib.redeem.returns import routes as returns
from chalicelib.redeem.review import routes as review
from chalicelib.redeem.webhooks import routes as webhooks
from chalicelib.tiers.claims import routes as claims
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
    claims.routes,
    rewards.routes,
    restock.routes,
    codes.routes,
    shelf.routes,
    checkout.routes,
    orders.routes,
    returns.routes,
    review.routes,
    fulfilment.routes,
    webhooks.routes,
    order_jobs.jobs,
    refund_jobs.jobs,
):
    app.register_blueprint(blueprint)

app.register_blueprint(contract.published(app))

# A job's function deploys as `app.function`, so that this file is imported with it.
end_overdue_orders = order_jobs.end_overdue_orders
finish_refunds = refund_jobs.finish_refunds

gc.freeze()
gc.enable()
