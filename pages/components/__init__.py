"""The parts that the tabs are made of: small functions that make Gradio components."""

from pages.components.chat_menu import chat_menu
from pages.components.compare import comparing_signals
from pages.components.composer import Composer, composer
from pages.components.empty import Starter, empty_state, planned_tab
from pages.components.hidden import (
    carrier,
    live_signals,
    message_signals,
    sending_signals,
    signals,
)
from pages.components.parts import part
from pages.components.picker import model_picker, picked_model, picker_value
from pages.components.project_chip import NO_PROJECT_FILES
from pages.components.queue import queue_list, queue_signals, queue_value
from pages.components.shell import account_box, account_value, brand, mode_button, title_bar
from pages.components.side import (
    HistoryRow,
    RowGroup,
    SideColumn,
    list_value,
    row_groups,
    side_column,
)
from pages.components.temporary import temporary_signals
from pages.components.tools_chip import NO_TOOLS
from pages.components.web import web_value

__all__ = [
    "NO_PROJECT_FILES",
    "NO_TOOLS",
    "Composer",
    "HistoryRow",
    "RowGroup",
    "SideColumn",
    "Starter",
    "account_box",
    "account_value",
    "brand",
    "carrier",
    "chat_menu",
    "comparing_signals",
    "composer",
    "empty_state",
    "list_value",
    "live_signals",
    "message_signals",
    "mode_button",
    "model_picker",
    "part",
    "picked_model",
    "picker_value",
    "planned_tab",
    "queue_list",
    "queue_signals",
    "queue_value",
    "row_groups",
    "sending_signals",
    "side_column",
    "signals",
    "temporary_signals",
    "title_bar",
    "web_value",
]
