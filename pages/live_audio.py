"""The tab "Live audio": says what there will be."""

from pages.components import planned_tab

__all__ = ["build_live_audio"]


def build_live_audio() -> None:
    """Lay the tab out within the current context."""
    planned_tab(
        title="⟦Live audio⟧",
        icon="mic",
        heading="⟦Live audio comes here⟧",
        text="⟦You will speak, see your words as you say them, and hear the answer.⟧",
    )
