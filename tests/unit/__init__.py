"""What one part does by itself, told without the rest."""
