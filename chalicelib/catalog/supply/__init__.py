"""One face for every way in which a reward is supplied: unlimited, counted, numbered, codes."""
