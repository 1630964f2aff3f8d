"""Jifen: a redemption marketplace in which every point can be explained."""
