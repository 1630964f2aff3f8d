"""Orders: from a quote to a settled redemption."""
