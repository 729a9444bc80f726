"""Plain ASGI middleware, one concern a file."""
