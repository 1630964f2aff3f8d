"""Numbered units: each with one number, at most one owner, and perhaps a code."""
