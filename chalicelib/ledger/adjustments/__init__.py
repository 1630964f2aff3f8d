"""Correcting a wallet by hand: points given or taken back, by somebody, for a reason."""
