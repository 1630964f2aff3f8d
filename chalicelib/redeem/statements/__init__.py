"""What both sides, we and Stripe, tell of the same orders."""
