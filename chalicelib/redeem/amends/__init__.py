"""What a person decides about money that no rule can place."""
