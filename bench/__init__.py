"""What Jifen costs, in units, in time and in memory, always beside something it can be held to."""
