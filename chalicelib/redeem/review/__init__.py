"""Orders that somebody looks at before they settle."""
