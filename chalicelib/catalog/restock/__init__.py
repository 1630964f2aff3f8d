"""Operators see how many units a reward has left, and add more."""
