"""What an order is, whom it belongs to, and how it moves from state to state."""
