"""The pages before the app: sign-in with a password, and redeeming a one-time link."""

import html
from collections.abc import Mapping

from pages.components.shell import BRAND_MARK
from pages.static import StaticFiles, asset_text
from pages.texts import language_of, page_in

__all__ = ["SignInPages"]


class SignInPages:
    """Both pages as HTML. They use the app's stylesheet and work without scripts."""

    def __init__(self, files: StaticFiles) -> None:
        self._files = files
        self._sign_in = asset_text("sign_in.html")
        self._link = asset_text("link.html")

    def render_sign_in(
        self, error: str | None, username: str, next_path: str, headers: Mapping[str, str]
    ) -> str:
        """The page at `/login`; its form goes to POST /login with username, password and next.

        error: why the last try failed, its first sentence stands out; None before the first.
        headers: of the request, with names in lower case; they say in which language.
        """
        language = language_of(headers)
        return page_in(self._sign_in, language).substitute(
            head=self._files.head(language),
            mark=BRAND_MARK,
            error=_error_html(error) if error else "",
            username=html.escape(username),
            next=html.escape(next_path),
        )

    def render_link(self, token: str, headers: Mapping[str, str]) -> str:
        """The page at `/login/link`; its one button redeems the token by POST /login/link.

        A page and not a redirect, so that programs which look at links do not use them up.
        """
        language = language_of(headers)
        return page_in(self._link, language).substitute(
            head=self._files.head(language), mark=BRAND_MARK, token=html.escape(token)
        )


def _error_html(error: str) -> str:
    what, dot, rest = error.partition(". ")
    heading = html.escape(what + dot.rstrip())
    return f'<div class="err" role="alert"><b>{heading}</b><p>{html.escape(rest)}</p></div>'
