"""Our orders held against Stripe's objects, both ways."""
