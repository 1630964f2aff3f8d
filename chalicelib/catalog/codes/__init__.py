"""Voucher codes: read from a file, looked over, then put on the shelf, each exactly once."""
