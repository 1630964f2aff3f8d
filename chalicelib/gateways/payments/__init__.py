"""Money: payments, refunds and disputes at Stripe, and the webhooks that tell of them."""
