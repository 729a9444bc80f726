"""The page behind a one-time sign-in link."""

from html import escape
from string import Template

__all__ = ["render_link_page"]

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sign in · AI Portal</title>
<style>
:root { color-scheme: light dark; --side: #f6f6f3; --surface: #fff; --line: #e4e4de;
  --text: #1c1f20; --muted: #545b5f; --accent: #0b6b62; --hover: #08564f; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --side: #101213; --surface: #1c1f21;
  --line: #2b3033; --text: #e7eaea; --muted: #a8b0b4; --accent: #54c1b4; --hover: #6fd0c4;
  --on-accent: #05201d } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 24px;
  background: var(--side); color: var(--text);
  font: 14px/20px Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main { width: 100%; max-width: 368px; padding: 32px; background: var(--surface);
  border: 1px solid var(--line); border-radius: 12px }
h1 { margin: 0 0 4px; font-size: 22px; line-height: 28px; font-weight: 600 }
p { margin: 0 0 20px; color: var(--muted) }
button { width: 100%; height: 44px; border: 0; border-radius: 8px; font: inherit;
  font-weight: 600; color: var(--on-accent); background: var(--accent); cursor: pointer }
button:hover { background: var(--hover) }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
</style>
</head>
<body>
<main>
<h1>Sign in to AI Portal</h1>
<p>This link works once and for 15 minutes. It is used up by the button.</p>
<form method="post" action="/login/link">
<input type="hidden" name="token" value="$token">
<button>Sign in</button>
</form>
</main>
</body>
</html>
""")


def render_link_page(token: str) -> str:
    """HTML with a button that sends the token back; whether it is good shows only then."""
    return _PAGE.substitute(token=escape(token))
