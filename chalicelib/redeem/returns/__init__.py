"""Orders that come back: cancelled by their member, refunded by support."""
