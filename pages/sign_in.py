"""The pages before the app: sign-in with a password, and redeeming a one-time link."""

import html
from string import Template

from pages.components.shell import BRAND_MARK
from pages.static import StaticFiles, asset_text

__all__ = ["SignInPages"]


class SignInPages:
    """Both pages as HTML. They use the app's stylesheet and work without scripts."""

    def __init__(self, files: StaticFiles) -> None:
        self._files = files
        self._sign_in = Template(asset_text("sign_in.html"))
        self._link = Template(asset_text("link.html"))

    def render_sign_in(self, error: str | None, username: str, next_path: str) -> str:
        """The page at `/login`; its form goes to POST /login with username, password and next.

        error: why the last try failed, its first sentence stands out; None before the first.
        """
        return self._sign_in.substitute(
            head=self._files.head(),
            mark=BRAND_MARK,
            error=_error_html(error) if error else "",
            username=html.escape(username),
            next=html.escape(next_path),
        )

    def render_link(self, token: str) -> str:
        """The page at `/login/link`; its one button redeems the token by POST /login/link.

        A page and not a redirect, so that programs which look at links do not use them up.
        """
        return self._link.substitute(
            head=self._files.head(), mark=BRAND_MARK, token=html.escape(token)
        )


def _error_html(error: str) -> str:
    what, dot, rest = error.partition(". ")
    heading = html.escape(what + dot.rstrip())
    return f'<div class="err" role="alert"><b>{heading}</b><p>{html.escape(rest)}</p></div>'
