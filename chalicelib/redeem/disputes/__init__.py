"""Payments of orders that their payer's bank questions."""
