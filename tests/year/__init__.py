"""A simulated year: members of many characters, day by day, and every night all of it checked."""
