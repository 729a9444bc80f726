"""FastAPI as the portal uses it."""

from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

__all__ = ["InnerApp"]


class InnerApp(FastAPI):
    """FastAPI within middleware of ours, which answers what nobody else does in our own shape."""

    def build_middleware_stack(self) -> ASGIApp:
        """Without Starlette's own last resort, which would answer in plain text before ours."""
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack
