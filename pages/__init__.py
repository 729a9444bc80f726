"""The web app: Gradio tabs over the portal, served beside the API."""

import os

from fastapi import FastAPI
from starlette.middleware import Middleware

from aiportal.portal import Portal


def _quiet_gradio() -> None:
    """Gradio reads these when it is imported or makes its queue, and offers no other way to say it.

    The first keeps it from calling home; the others bound what its queue remembers of past events,
    which it would otherwise sum up anew for each.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "50"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"


_quiet_gradio()

import gradio as gr  # noqa: E402 - after the lines above

from pages import lean_gradio  # noqa: E402
from pages.access import Access, LoginRedirect  # noqa: E402
from pages.arena_page import ArenaPage  # noqa: E402
from pages.gate import GradioGate  # noqa: E402
from pages.layout import build_ui  # noqa: E402
from pages.live_answers import LiveAnswers  # noqa: E402
from pages.pace import Pace  # noqa: E402
from pages.page_head import PageHead, settings_reader  # noqa: E402
from pages.shared_chats import SharedChatPages  # noqa: E402
from pages.sign_in import SignInPages  # noqa: E402
from pages.static import StaticFiles  # noqa: E402
from pages.temporary_files import TemporaryFiles  # noqa: E402
from pages.theme import PortalTheme  # noqa: E402

__all__ = ["build_ui", "mount"]

MAX_EVENTS = 256  # at once; Gradio's own 40 would keep people waiting for each other
MAX_WAITING_EVENTS = 2000
MAX_PAGES = 500  # whose state Gradio keeps; its own 10,000 would be 1.5 GB


def mount(app: FastAPI, portal: Portal) -> SignInPages:
    """Serve the web app at `/` of `app`, with its files and the redirect to the sign-in page.

    Returns what renders the pages before it.
    """
    files = StaticFiles.read()
    access, pace = Access(portal), Pace(portal.router.precedence)
    app.router.routes.extend(files.routes())
    app.router.routes.extend(SharedChatPages(portal, files).routes())
    app.router.routes.extend(LiveAnswers(portal, pace).routes())
    app.router.routes.extend(TemporaryFiles(portal).routes())
    lean_gradio.install()
    app.router.routes.extend(ArenaPage(portal, files).routes())
    _keep_uploads_in(portal)
    demo = build_ui(portal, access, pace)
    app.user_middleware += [  # innermost: what they answer passes the others too
        Middleware(LoginRedirect, access=access),
        Middleware(
            GradioGate,
            access=access,
            pace=pace,
            function_ids=frozenset(demo.fns),
            has_events=demo.has_events,
        ),
        Middleware(PageHead, files=files, read=settings_reader(portal)),
    ]
    demo.max_threads = MAX_EVENTS  # before `queue`, which reads it
    demo.state_session_capacity = MAX_PAGES
    demo.queue(default_concurrency_limit=None, max_size=MAX_WAITING_EVENTS)
    gr.mount_gradio_app(
        app,
        demo,
        path="/",
        auth_dependency=access.user_id,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        show_error=False,
        max_file_size="50mb",
        theme=PortalTheme(),
    )
    return SignInPages(files)


def _keep_uploads_in(portal: Portal) -> None:
    """What Gradio stores goes to the data folder; this variable is the only way to tell it."""
    folder = portal.settings.data_dir / "gradio"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
