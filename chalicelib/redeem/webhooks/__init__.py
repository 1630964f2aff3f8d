"""What Stripe tells unasked."""
