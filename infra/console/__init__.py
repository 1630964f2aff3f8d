"""The operator's console: what is done by hand, with the deployment's own settings."""
