"""Points for checking in and for tasks."""
