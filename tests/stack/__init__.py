"""The whole stack as somebody runs it: processes, sockets, signed tokens, data on disk."""
