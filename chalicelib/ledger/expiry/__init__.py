"""Points that end: expired on the books, reminded of in time, and shown on a line of dates."""
