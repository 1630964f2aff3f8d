"""Two requests at once, one call at a time: every order in which DynamoDB could see them."""
