"""The payment that an order with a cash part waits for."""
