"""The saga of an order with a cash part: every order of its steps, and a crash behind each."""
