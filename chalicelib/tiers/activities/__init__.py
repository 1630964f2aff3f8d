"""Points for checking in, for tasks, and for members who were referred."""
