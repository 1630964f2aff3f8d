"""Composition: every area's routes and every background function, on one Chalice app."""

from __future__ import annotations

import gc

# What is imported stays. Looking for garbage in it, again and again, would cost a tenth of a start.
gc.disable()

from chalicelib.catalog import doors as catalog
from chalicelib.ledger import doors as ledger
from chalicelib.ledger.expiry import jobs as expiry
from chalicelib.outreach import doors as outreach
from chalicelib.outreach.notices import jobs as notices
from chalicelib.outreach.relay import jobs as relaying
from chalicelib.program import doors as program
from chalicelib.redeem import doors as redeem
from chalicelib.redeem.progress import jobs as progress
from chalicelib.redeem.reconciliation import jobs as reconciliation
from chalicelib.redeem.refunds import jobs as refunds
from chalicelib.redeem.webhooks import jobs as webhooks
from chalicelib.tiers import doors as tiers
from chalicelib.web import authorizer, contract, health
from chalicelib.web.house import House

app = House(app_name="jifen")

app.register_blueprint(authorizer.blueprint)
app.register_blueprint(health.routes)
for area in (program, ledger, tiers, catalog, redeem, outreach):
    for blueprint in area.DOORS:
        app.register_blueprint(blueprint)
app.register_blueprint(contract.published(app))

# A job's function deploys as `app.function`, so that this file is imported with it.
look_after_wallets = expiry.look_after_wallets
end_overdue_orders = progress.end_overdue_orders
finish_refunds = refunds.finish_refunds
follow_stripe_events = webhooks.follow_stripe_events
reconcile_with_stripe = reconciliation.reconcile_with_stripe
send_held_notices = notices.send_held_notices
relay = relaying.relay

gc.freeze()
gc.enable()
