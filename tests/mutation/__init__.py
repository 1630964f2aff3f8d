"""Mutation of conditions: the stores with one clause, one item or one action spoilt at a time."""
