"""The whole page: the shell and the five tabs in their order."""

import gradio as gr

from aiportal.portal import Portal
from pages.access import Access
from pages.admin import build_admin
from pages.chat import build_chat
from pages.components import account_box, brand
from pages.deep_research import build_deep_research
from pages.live_audio import build_live_audio
from pages.ordered import OrderedBlocks
from pages.pace import Pace
from pages.tool_playground import build_tool_playground

__all__ = ["build_ui"]

CLEAN_UPLOADS_EVERY_S = 3600
KEEP_UPLOADS_S = 86_400


def build_ui(portal: Portal, access: Access, pace: Pace) -> OrderedBlocks:
    """The web app as Gradio Blocks. Nothing in it belongs to anybody: pages are filled when loaded."""
    demo = OrderedBlocks(
        pace,
        title="AI Portal",
        fill_width=True,
        fill_height=True,
        analytics_enabled=False,
        delete_cache=(CLEAN_UPLOADS_EVERY_S, KEEP_UPLOADS_S),
    )
    with demo:
        brand()
        account = account_box()
        with gr.Tabs(elem_id="nav", overflow_behavior="wrap"):
            with gr.Tab("⟦Chat⟧", elem_id="tab-chat", id="chat"):
                build_chat(demo, portal, access, account)
            with gr.Tab("⟦Deep research⟧", elem_id="tab-research", id="research"):
                build_deep_research()
            with gr.Tab("⟦Tool playground⟧", elem_id="tab-tools", id="tools"):
                build_tool_playground()
            with gr.Tab("⟦Live audio⟧", elem_id="tab-audio", id="audio"):
                build_live_audio()
            with gr.Tab("⟦Admin⟧", elem_id="tab-admin", id="admin"):
                build_admin()
    return demo
