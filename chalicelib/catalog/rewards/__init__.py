"""Rewards: texts, price options, audiences, limits and windows."""
