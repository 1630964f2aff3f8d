"""The edges alone: a small house, no network, no table."""
