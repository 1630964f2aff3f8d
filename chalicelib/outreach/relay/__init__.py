"""Facts from the table's stream, handed to every reader in order, at least once."""
