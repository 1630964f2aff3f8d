"""Controls: the product with one known bug in it, and which part of the harness must notice."""
