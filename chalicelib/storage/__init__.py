"""One DynamoDB table: its items, its reads, and the Transaction through which all is written."""
