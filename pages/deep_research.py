"""The tab "Deep research": says what there will be."""

from pages.components import planned_tab

__all__ = ["build_deep_research"]


def build_deep_research() -> None:
    """Lay the tab out within the current context."""
    planned_tab(
        title="⟦Deep research⟧",
        icon="research",
        heading="⟦Deep research comes here⟧",
        text=(
            "⟦A question will become a plan, several agents will read the web for it, "
            "and every claim of the report will stand on a quote.⟧"
        ),
    )
