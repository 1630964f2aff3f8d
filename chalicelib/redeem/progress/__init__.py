"""How an order moves on by itself: money that comes, deadlines that pass."""
