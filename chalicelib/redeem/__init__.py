"""Every way of using points."""
