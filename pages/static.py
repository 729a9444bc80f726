"""The files that the web app serves by itself: one stylesheet and one script, each at an address
that changes with its content, so that browsers may keep them for good."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiportal.errors import NotFound
from pages.icons import icons_css
from pages.texts import LANGUAGES
from pages.texts import script as texts_script
from pages.theme import variables_css

__all__ = ["StaticFiles", "asset_text", "diagram_library_url"]

_STYLESHEETS: Final = (
    "portal.css",
    "chat.css",
    "history.css",
    "in_and_out.css",
    "output.css",
    "comparing.css",
    "input.css",
    "project_files.css",
    "queued.css",
    "temporary.css",
    "tools.css",
    "web.css",
    "sign_in.css",
    "settings.css",
)
_SCRIPTS: Final = (
    "portal.js",
    "streams.js",
    "api.js",
    "messages.js",
    "live.js",
    "uploads.js",
    "project_files.js",
    "history.js",
    "in_and_out.js",
    "output.js",
    "diagrams.js",
    "answers.js",
    "attachments.js",
    "drafts.js",
    "completion.js",
    "prompts.js",
    "queued.js",
    "shortcuts.js",
    "settings.js",
    "account.js",
    "temporary.js",
    "web.js",
    "comparing.js",
    "tools.js",
    "approvals.js",
    "running.js",
    "opening.js",
    "sending.js",  # after those: it sends what none of the others has held back
    "unsent.js",
)
# Of tabs that load their own when they are opened. opening.js names them `PLAYGROUND_SCRIPT_URL` …
_TABS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "playground": (
            "playground_parts.js",
            "playground_form.js",
            "playground_result.js",
            "playground_runs.js",
            "playground_admin.js",
            "playground.js",
        ),
        "admin": ("admin_server_form.js", "admin_servers.js", "admin.js"),
    }
)
_MERMAID: Final = re.compile(r"mermaid\.core-[\w-]+\.js")
_DIAGRAM_LIBRARY: Final = "DIAGRAM_LIBRARY_URL"  # what diagrams.js calls it
_FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class StaticFiles:
    """The stylesheet and the script as they are served. texts: a script for each language.

    tabs: by name the script and the stylesheet of a tab that loads them when it is opened.
    """

    css: bytes
    script: bytes
    texts: Mapping[str, bytes]
    tabs: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "StaticFiles":
        """Read the files of the package; tokens and icons are written from their data."""
        sheets = "\n".join(asset_text(name) for name in _STYLESHEETS)
        css = f"{variables_css()}{icons_css()}{sheets}"
        script = "\n".join(asset_text(name) for name in _SCRIPTS)
        script = script.replace(_DIAGRAM_LIBRARY, diagram_library_url())
        tabs = {
            tab: (_joined(names), asset_text(f"{tab}.css").encode()) for tab, names in _TABS.items()
        }
        for tab, (program, sheet) in tabs.items():
            for kind, ending, content in (("SCRIPT", "js", program), ("SHEET", "css", sheet)):
                url = f"/assets/{tab}.{ending}?v={_digest(content)}"
                script = script.replace(f"{tab.upper()}_{kind}_URL", url)
        texts = {one: texts_script(one) for one in LANGUAGES}
        return cls(css.encode(), script.encode(), texts, tabs)

    @property
    def css_url(self) -> str:
        return f"/assets/portal.css?v={_digest(self.css)}"

    @property
    def script_url(self) -> str:
        return f"/assets/portal.js?v={_digest(self.script)}"

    def head(self, language: str = "en") -> str:
        """The tags for a page's head; the texts of a language come before the script."""
        texts = "" if language == "en" else f'<script src="{self._texts_url(language)}"></script>'
        sheet = f'<link rel="stylesheet" href="{self.css_url}">'
        return f'{sheet}{texts}<script src="{self.script_url}"></script>'

    def _texts_url(self, language: str) -> str:
        return f"/assets/texts-{language}.js?v={_digest(self.texts[language])}"

    def routes(self) -> list[Route]:
        """GET routes for both, and for the texts of the languages."""

        async def css(_: Request) -> Response:
            return Response(self.css, media_type="text/css", headers=_FOR_GOOD)

        async def script(_: Request) -> Response:
            return Response(self.script, media_type="text/javascript", headers=_FOR_GOOD)

        async def texts(request: Request) -> Response:
            content = self.texts.get(request.path_params["language"])
            if content is None:
                raise NotFound("There is no such language.")
            return Response(content, media_type="text/javascript", headers=_FOR_GOOD)

        async def of_tab(request: Request) -> Response:
            tab, _, ending = request.url.path.rpartition("/")[2].partition(".")
            is_script = ending == "js"
            content = self.tabs[tab][0 if is_script else 1]
            mime = "text/javascript" if is_script else "text/css"
            return Response(content, media_type=mime, headers=_FOR_GOOD)

        return [
            Route("/assets/portal.css", css),
            Route("/assets/portal.js", script),
            *(
                Route(f"/assets/{tab}.{ending}", of_tab)
                for tab in self.tabs
                for ending in ("js", "css")
            ),
            Route("/assets/texts-{language:str}.js", texts),
        ]


def diagram_library_url() -> str:
    """Where Gradio serves the Mermaid that it brings along, "" where it brings none."""
    folder = resources.files("gradio").joinpath("templates", "frontend", "assets")
    names = (entry.name for entry in folder.iterdir())
    found = next((name for name in names if _MERMAID.fullmatch(name)), None)
    return f"/assets/{found}" if found else ""


def asset_text(name: str) -> str:
    """The text of a file in `pages/assets/`."""
    return resources.files("pages").joinpath("assets", name).read_text(encoding="utf-8")


def _joined(names: Sequence[str]) -> bytes:
    return "\n".join(asset_text(name) for name in names).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
