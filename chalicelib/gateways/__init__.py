"""The outside world, each part behind a Protocol: what Jifen cannot do alone."""
