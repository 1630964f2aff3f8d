"""How members earn, and what their standing gives them."""
