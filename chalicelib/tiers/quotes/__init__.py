"""What a purchase would earn and why, asked before it is made."""
