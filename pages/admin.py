"""The tab "Admin": says what there will be."""

from pages.components import planned_tab

__all__ = ["build_admin"]


def build_admin() -> None:
    """Lay the tab out within the current context."""
    planned_tab(
        title="⟦Admin⟧",
        icon="sliders",
        heading="⟦The administration comes here⟧",
        text="⟦Spending, requests and errors at a glance; people, keys, models, limits and budgets.⟧",
    )
