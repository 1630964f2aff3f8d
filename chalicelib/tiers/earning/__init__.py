"""What a purchase earns and why, and what its refund takes back."""
