"""What surrounds the product: its AWS template, its local stack, its commands."""
