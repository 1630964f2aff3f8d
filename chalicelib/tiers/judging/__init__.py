"""What the rules in force give for a purchase, line by line, and what refunds leave of it."""
