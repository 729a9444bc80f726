"""What `aiportal_tool` is in the sandbox, for controllers that run without one.

It asks a server on loopback, whichever host an address names; `site` is the server's address.
"""

import base64
import json
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

__all__ = ["PortalRefusal", "ask", "leave_out", "site"]

TEXTS = ("text/", "application/json", "application/xhtml+xml", "application/xml")

site = {"url": ""}


class PortalRefusal(Exception):
    """The portal does not do it; the message says why."""


def ask(operation: str, **arguments: Any) -> Any:
    """The server's answer in the form that the portal's broker gives it."""
    if operation == "search":
        body = json.dumps(arguments).encode()
        found = _request("/search", "search.invalid", body)
        if found["status"] != 200:
            raise PortalRefusal(found["text"])
        return json.loads(found["text"])
    url = arguments["url"]
    parts = urlsplit(url)
    if parts.hostname == "refused.invalid":
        raise PortalRefusal("The host 'refused.invalid' is not reached.")
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return _request(path, parts.netloc) | {"url": url}


def leave_out(words: str) -> None:
    """The words alone: there is no answer that could be truncated."""
    sys.stderr.write(f"{words}\n")


def _request(path: str, host: str, body: bytes | None = None) -> dict[str, Any]:
    request = urllib.request.Request(site["url"] + path, data=body, headers={"X-Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return _answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as exc:
        with exc:
            return _answer(exc.code, exc.headers, exc.read())


def _answer(status: int, headers: Any, data: bytes) -> dict[str, Any]:
    mime = headers.get_content_type()
    is_text = mime.startswith(TEXTS)
    return {
        "status": status,
        "mime": mime,
        "text": data.decode() if is_text else None,
        "base64": None if is_text else base64.b64encode(data).decode(),
        "is_truncated": headers.get("X-Cut") == "yes",
    }
