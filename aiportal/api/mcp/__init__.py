"""Our tools for programs that speak the Model Context Protocol, at `/mcp`."""

from aiportal.api.mcp.door import McpDoor

__all__ = ["McpDoor"]
