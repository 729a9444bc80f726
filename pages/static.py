"""The files that the web app serves by itself: one stylesheet and one script, each at an address
that changes with its content, so that browsers may keep them for good."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.icons import icons_css
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
    "sign_in.css",
)
_SCRIPTS: Final = (
    "portal.js",
    "messages.js",
    "history.js",
    "in_and_out.js",
    "output.js",
    "diagrams.js",
    "answers.js",
    "comparing.js",
    "attachments.js",
    "drafts.js",
    "completion.js",
    "prompts.js",
)
_MERMAID: Final = re.compile(r"mermaid\.core-[\w-]+\.js")
_DIAGRAM_LIBRARY: Final = "DIAGRAM_LIBRARY_URL"  # what diagrams.js calls it
_FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class StaticFiles:
    """The stylesheet and the script as they are served."""

    css: bytes
    script: bytes

    @classmethod
    def read(cls) -> "StaticFiles":
        """Read the files of the package; tokens and icons are written from their data."""
        sheets = "\n".join(asset_text(name) for name in _STYLESHEETS)
        css = f"{variables_css()}{icons_css()}{sheets}"
        script = "\n".join(asset_text(name) for name in _SCRIPTS)
        script = script.replace(_DIAGRAM_LIBRARY, diagram_library_url())
        return cls(css.encode(), script.encode())

    @property
    def css_url(self) -> str:
        return f"/assets/portal.css?v={_digest(self.css)}"

    @property
    def script_url(self) -> str:
        return f"/assets/portal.js?v={_digest(self.script)}"

    def head(self) -> str:
        """The tags for a page's head."""
        return f'<link rel="stylesheet" href="{self.css_url}"><script src="{self.script_url}"></script>'

    def routes(self) -> list[Route]:
        """GET routes for both."""

        async def css(_: Request) -> Response:
            return Response(self.css, media_type="text/css", headers=_FOR_GOOD)

        async def script(_: Request) -> Response:
            return Response(self.script, media_type="text/javascript", headers=_FOR_GOOD)

        return [Route("/assets/portal.css", css), Route("/assets/portal.js", script)]


def diagram_library_url() -> str:
    """Where Gradio serves the Mermaid that it brings along, "" where it brings none."""
    folder = resources.files("gradio").joinpath("templates", "frontend", "assets")
    names = (entry.name for entry in folder.iterdir())
    found = next((name for name in names if _MERMAID.fullmatch(name)), None)
    return f"/assets/{found}" if found else ""


def asset_text(name: str) -> str:
    """The text of a file in `pages/assets/`."""
    return resources.files("pages").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
