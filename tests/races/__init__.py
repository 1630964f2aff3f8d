"""Many at once on a real engine: nothing twice, nothing lost, nobody told wrong."""
