"""Campaigns as operators begin, change and end them."""
