"""Several parts together on a real engine."""
