"""The shelf as members see it now: pages, one reward, and what is locked for whom."""
