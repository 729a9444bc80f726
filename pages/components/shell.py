"""What stands around every tab: the brand, the account, the bar with the title."""

import gradio as gr

from pages.components.parts import part

__all__ = ["BRAND_MARK", "account_box", "account_value", "brand", "mode_button", "title_bar"]

BRAND_MARK = (
    '<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">'
    '<rect x="2" y="2" width="20" height="20" rx="6" fill="var(--c-accent)"/>'
    '<path d="M8 17V11a4 4 0 0 1 8 0v6" fill="none" stroke="var(--c-on-accent)" '
    'stroke-width="2" stroke-linecap="round"/></svg>'
)

_BRAND = f'<div class="brand">{BRAND_MARK}<span>AI Portal</span></div>'

_ACCOUNT = """\
<div class="acct">
  <button type="button" class="acct-open" popovertarget="account-menu" aria-haspopup="menu">
    <span class="av" aria-hidden="true">{{value.initials}}</span>
    <span class="who"><b>{{value.name}}</b><span>{{value.spent}} ⟦this month⟧</span></span>
    <span class="ic i-dots" aria-hidden="true"></span>
  </button>
  <div class="menu account-menu" id="account-menu" popover>
    <p>⟦Signed in as⟧ <b>{{value.username}}</b>{{#if value.is_admin}}
      <span>(⟦administrator⟧)</span>{{/if}}</p>
    <button type="button" class="mi i-sliders" data-act="user-settings">⟦Settings⟧</button>
    <button type="button" class="mi i-keyboard" data-act="shortcuts">⟦Keyboard shortcuts⟧</button>
    <form method="post" action="/logout">
      <button type="submit" class="mi i-out">⟦Sign out⟧</button>
    </form>
  </div>
</div>"""

_TITLE = """\
<div class="ttl">
  <button type="button" class="icb i-menu only-m" data-act="drawer" aria-label="⟦Open the menu⟧"
    aria-expanded="false"></button>
  <h1>{{#if value.title}}{{value.title}}{{else}}⟦New chat⟧{{/if}}</h1>
</div>"""

_MODE = """\
<button type="button" class="icb mode" data-act="mode" aria-label="⟦Light or dark⟧"
  title="⟦Light or dark⟧"></button>"""


def brand() -> gr.HTML:
    """The name, top left."""
    return part(_BRAND, classes="fixed-brand")


def account_box() -> gr.HTML:
    """Who is signed in and what they spent, bottom left. Empty until filled with `account_value`."""
    empty = account_value("", "", spent="", is_admin=False)
    return part(_ACCOUNT, empty, classes="fixed-acct")


def account_value(name: str, username: str, *, spent: str, is_admin: bool) -> dict[str, object]:
    """What the account box shows. spent: what the month has cost so far."""
    words = (name or username).split()
    initials = "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()
    return {
        "name": name or username,
        "username": username,
        "initials": initials,
        "spent": spent,
        "is_admin": is_admin,
    }


def title_bar(title: str) -> gr.HTML:
    """The left part of a tab's top bar: on phones the menu button, then the title ("": a new chat)."""
    return part(_TITLE, {"title": title}, classes="grow")


def mode_button() -> gr.HTML:
    """Switches between light and dark; the browser remembers it."""
    return part(_MODE, classes="fixed-mode")
