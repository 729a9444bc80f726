"""The tab "Tool playground": a place that the page fills when the tab is opened for the first time.

Everything in it comes from the portal's API, so that the other tabs pay nothing for it; its script
and its stylesheet are files of their own, see opening.js.
"""

from pages.components import part

__all__ = ["build_tool_playground"]


def build_tool_playground() -> None:
    """Lay the tab out within the current context."""
    part(
        '<div class="pg"></div>',
        classes="pg-part",
        on_load="window.aiportal.openPlayground(element)",
    )
