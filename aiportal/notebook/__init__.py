"""The notebook's door: the portal in Python, embedded or over HTTP, sync and async."""
