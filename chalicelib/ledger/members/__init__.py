"""Who takes part: profiles, phones, and the codes that tills read."""
