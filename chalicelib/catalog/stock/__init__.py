"""Units: made, sold and free, and never sold twice."""
