"""The colours and measures of the web app as data, and the Gradio theme that uses them."""

from collections.abc import Mapping
from types import MappingProxyType

import gradio as gr

__all__ = ["DARK", "LIGHT", "MONO_FONTS", "SANS_FONTS", "PortalTheme", "variables_css"]

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "bg": "#FFFFFF",
        "side": "#F6F6F3",
        "surface": "#FFFFFF",
        "sunken": "#F1F1ED",
        "hover": "#EBEBE6",
        "line": "#E4E4DE",
        "line2": "#C6C8C2",
        "text": "#1C1F20",
        "muted": "#545B5F",
        "faint": "#636A6E",
        "accent": "#0B6B62",
        "accent-hover": "#08564F",
        "on-accent": "#FFFFFF",
        "accent-soft": "#E1F0EE",
        "accent-ink": "#07564F",
        "danger": "#B3261E",
        "danger-soft": "#FBEAE8",
        "warn": "#7A5200",
        "warn-soft": "#FBF1DC",
    }
)

DARK: Mapping[str, str] = MappingProxyType(
    {
        "bg": "#16181A",
        "side": "#101213",
        "surface": "#1C1F21",
        "sunken": "#23272A",
        "hover": "#2A2F32",
        "line": "#2B3033",
        "line2": "#464D52",
        "text": "#E7EAEA",
        "muted": "#A8B0B4",
        "faint": "#8F979C",
        "accent": "#54C1B4",
        "accent-hover": "#6FD0C4",
        "on-accent": "#05201D",
        "accent-soft": "#15322F",
        "accent-ink": "#84D8CD",
        "danger": "#F28B82",
        "danger-soft": "#3A1F1D",
        "warn": "#E3B65A",
        "warn-soft": "#332A16",
    }
)

SANS_FONTS = (
    "Inter",
    "Segoe UI Variable Text",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "sans-serif",
)
MONO_FONTS = (
    "ui-monospace",
    "SF Mono",
    "Cascadia Mono",
    "JetBrains Mono",
    "Menlo",
    "Consolas",
    "monospace",
)

# Gradio's variable -> our token. Set alike for light and dark: the token changes, not the rule.
_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "body_background_fill": "bg",
        "body_text_color": "text",
        "body_text_color_subdued": "muted",
        "background_fill_primary": "bg",
        "background_fill_secondary": "side",
        "border_color_primary": "line",
        "border_color_accent": "accent",
        "border_color_accent_subdued": "accent-soft",
        "color_accent_soft": "accent-soft",
        "link_text_color": "accent-ink",
        "link_text_color_hover": "accent",
        "link_text_color_active": "accent",
        "link_text_color_visited": "accent-ink",
        "code_background_fill": "side",
        "block_border_color": "line",
        "block_info_text_color": "muted",
        "block_label_text_color": "muted",
        "block_title_text_color": "muted",
        "accordion_text_color": "text",
        "table_text_color": "text",
        "checkbox_background_color": "surface",
        "checkbox_background_color_selected": "accent",
        "checkbox_border_color": "line2",
        "checkbox_border_color_selected": "accent",
        "checkbox_border_color_focus": "accent",
        "checkbox_border_color_hover": "accent",
        "checkbox_label_background_fill_hover": "hover",
        "checkbox_label_background_fill_selected": "accent-soft",
        "checkbox_label_border_color": "line",
        "checkbox_label_border_color_selected": "accent",
        "checkbox_label_text_color": "text",
        "checkbox_label_text_color_selected": "accent-ink",
        "error_background_fill": "danger-soft",
        "error_border_color": "danger",
        "error_text_color": "danger",
        "error_icon_color": "danger",
        "input_background_fill": "surface",
        "input_background_fill_focus": "surface",
        "input_border_color": "line2",
        "input_border_color_focus": "accent",
        "input_border_color_hover": "faint",
        "input_placeholder_color": "faint",
        "loader_color": "accent",
        "slider_color": "accent",
        "stat_background_fill": "accent-soft",
        "table_border_color": "line",
        "table_even_background_fill": "bg",
        "table_odd_background_fill": "bg",
        "table_row_focus": "accent-soft",
        "button_primary_background_fill": "accent",
        "button_primary_background_fill_hover": "accent-hover",
        "button_primary_text_color": "on-accent",
        "button_secondary_background_fill": "surface",
        "button_secondary_background_fill_hover": "hover",
        "button_secondary_border_color": "line2",
        "button_secondary_text_color": "text",
        "button_cancel_background_fill": "surface",
        "button_cancel_background_fill_hover": "danger-soft",
        "button_cancel_border_color": "line2",
        "button_cancel_text_color": "danger",
    }
)

# Borders, not shadows; and what else holds in both modes.
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "block_background_fill": "transparent",
        "block_border_width": "0px",
        "block_label_background_fill": "transparent",
        "block_label_border_color": "transparent",
        "block_label_border_width": "0px",
        "block_shadow": "none",
        "block_title_background_fill": "transparent",
        "block_title_border_width": "0px",
        "panel_background_fill": "transparent",
        "panel_border_width": "0px",
        "shadow_spread": "0px",
        "checkbox_label_background_fill": "transparent",
        "checkbox_label_border_width": "1px",
        "checkbox_label_shadow": "none",
        "input_border_width": "1px",
        "input_shadow": "none",
        "input_shadow_focus": "none",
        "button_border_width": "1px",
        "button_primary_border_color": "transparent",
        "button_primary_shadow": "none",
        "button_primary_shadow_hover": "none",
        "button_primary_shadow_active": "none",
        "button_secondary_shadow": "none",
        "button_secondary_shadow_hover": "none",
        "button_secondary_shadow_active": "none",
        "button_cancel_shadow": "none",
        "button_cancel_shadow_hover": "none",
        "button_cancel_shadow_active": "none",
        "error_border_width": "1px",
    }
)

_MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "body_text_size": "14px",
        "block_title_text_size": "13px",
        "block_title_text_weight": "500",
        "block_label_text_size": "12px",
        "block_info_text_size": "12px",
        "input_text_size": "14px",
        "block_padding": "0px",
        "block_radius": "10px",
        "container_radius": "10px",
        "input_radius": "8px",
        "input_padding": "8px 10px",
        "table_radius": "10px",
        "layout_gap": "12px",
        "form_gap_width": "0px",
        "button_large_radius": "8px",
        "button_medium_radius": "8px",
        "button_small_radius": "8px",
        "button_large_padding": "8px 14px",
        "button_medium_padding": "7px 12px",
        "button_small_padding": "4px 10px",
        "button_large_text_size": "14px",
        "button_medium_text_size": "14px",
        "button_small_text_size": "13px",
        "button_large_text_weight": "500",
        "button_medium_text_weight": "500",
        "button_small_text_weight": "500",
        "button_transform_hover": "none",
        "button_transform_active": "none",
        "button_transition": "background-color .12s, border-color .12s",
        "chatbot_text_size": "15px",
        "prose_text_size": "15px",
        "section_header_text_size": "14px",
        "section_header_text_weight": "500",
        "checkbox_label_padding": "6px 10px",
        "checkbox_label_text_size": "13px",
        "color_accent": "var(--c-accent)",
        "shadow_drop": "none",
        "shadow_drop_lg": "0 8px 24px rgb(0 0 0 / .14)",
    }
)


def variables_css() -> str:
    """The tokens as CSS variables (`--c-NAME`): light, dark by choice, dark by system."""
    light, dark = _declarations(LIGHT), _declarations(DARK)
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f':root[data-theme="dark"]{{color-scheme:dark;{dark}}}\n'
        "@media (prefers-color-scheme:dark){"
        f":root:not([data-theme]){{color-scheme:dark;{dark}}}}}\n"
    )


def _declarations(tokens: Mapping[str, str]) -> str:
    return "".join(f"--c-{name}:{value};" for name, value in tokens.items())


class PortalTheme(gr.themes.Base):
    """Gradio's own parts in our tokens. Fonts are names only: no file and no foreign host."""

    def __init__(self) -> None:
        super().__init__(
            spacing_size=gr.themes.sizes.spacing_sm,
            radius_size=gr.themes.sizes.radius_md,
            text_size=gr.themes.sizes.text_md,
            font=SANS_FONTS,
            font_mono=MONO_FONTS,
        )
        self.name = "portal"
        both = {name: f"var(--c-{token})" for name, token in _COLOURS.items()} | dict(_PLAIN)
        dark = {
            f"{name}_dark": value for name, value in both.items() if hasattr(self, f"{name}_dark")
        }
        self.set(**both, **dark, **_MEASURES)
