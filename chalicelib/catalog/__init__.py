"""What is on the shelf, and how many are left."""
