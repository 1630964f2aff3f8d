"""Earn rules as data: campaigns, what each asks of a purchase, and what they have given so far."""
