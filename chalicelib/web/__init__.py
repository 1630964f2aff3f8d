"""The edges: HTTP requests come in here, become calls of use cases, and leave as answers."""
