"""The journal: one immutable, chained, balanced entry for every version of every wallet."""
