"""How many units of a reward one member may redeem in a day, a week, a month, or ever."""
