"""What others promise us, asked of the real thing or of the nearest to it."""
