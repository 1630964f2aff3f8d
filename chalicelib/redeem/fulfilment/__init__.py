"""What a settled order gives: something sent, or codes to fetch."""
