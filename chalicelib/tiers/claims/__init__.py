"""Claiming a purchase that was reported without a member, by the code that its buyer got."""
