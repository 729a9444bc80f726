"""The tab "Tool playground": says what there will be."""

from pages.components import planned_tab

__all__ = ["build_tool_playground"]


def build_tool_playground() -> None:
    """Lay the tab out within the current context."""
    planned_tab(
        title="⟦Tool playground⟧",
        icon="tool",
        heading="⟦Tools come here⟧",
        text=(
            "⟦Calculator, code, data, web search and tools of your own: "
            "each with a form to try it, its result and its log.⟧"
        ),
    )
