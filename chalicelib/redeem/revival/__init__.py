"""Bringing an order back whose money came after everything else had been released."""
