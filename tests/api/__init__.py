"""The HTTP contract, tested on events without a network."""
