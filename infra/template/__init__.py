"""What stands around the functions in AWS: the table and what guards it."""
