"""Members and what they own: wallets, journals, identities."""
