"""A small, stateful, honest Stripe for one machine: what Jifen uses of API 2026-10-28.endive."""
