"""Everybody at once for too few units: exactly those are sold, whatever breaks meanwhile."""
