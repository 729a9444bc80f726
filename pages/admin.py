"""The tab "Admin": a place that the page fills when the tab is opened for the first time.

As in the playground everything in it comes from the portal's API, which decides who may see it.
"""

from pages.components import part

__all__ = ["build_admin"]


def build_admin() -> None:
    """Lay the tab out within the current context."""
    part(
        '<div class="ad"></div>',
        classes="ad-part",
        on_load="window.aiportal.openAdmin(element)",
    )
