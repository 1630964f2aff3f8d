"""Queues: what is heard now and worked off in a moment, by a function of its own."""
