"""Money that goes back through Stripe: one record each, asked for until it is there."""
