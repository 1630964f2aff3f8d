"""What a notice says, in the language of whoever reads it."""
