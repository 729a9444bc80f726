"""A web server on loopback with what the tools meet outside: pages, a search, Wolfram|Alpha."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["ARTICLE", "WOLFRAM", "serving"]

Answer = tuple[int, str, str | bytes]

ARTICLE = """<!doctype html><html lang="en"><head><title>The heron | Bird News</title>
<meta name="description" content="How herons fish."><meta name="author" content="Ada Moor">
<meta property="article:published_time" content="2025-03-04T10:00:00Z">
<link rel="canonical" href="/heron"><base href="https://birds.invalid/news/"></head><body>
<nav><a href="/">Home</a> <a href="#top">Up</a></nav>
<article><h1>The heron</h1>
<p>The grey heron stands still at the water's edge for a long time before it strikes at a fish.
It lives on all coasts and rivers of the continent and does not leave in mild winters.</p>
<p>Read more about <a href="egret.html">the egret</a>, <a href="egret.html#diet">its diet</a> and
<a href="https://other.invalid/stork">the stork</a>, or <a href="javascript:alert(1)">click</a>.</p>
<table><caption>Sizes</caption><thead><tr><th>Bird</th><th>Height</th><th>Height</th></tr></thead>
<tbody><tr><td rowspan="2">Heron</td><td>98 cm</td><td>tall</td></tr><tr><td colspan="2">1 m</td></tr>
</tbody></table></article><script>var hidden = "no text";</script></body></html>"""

WOLFRAM = """Query:
"integrate x^2 sin x"

Indefinite integral:
integral x^2 sin(x) dx = 2 x sin(x) - (x^2 - 2) cos(x) + constant

Wolfram|Alpha website result for "integrate x^2 sin x":
https://www.wolframalpha.com/input?i=integrate+x%5E2+sin+x"""

NOT_UNDERSTOOD = """Wolfram|Alpha could not understand: blorb of the moon.
Things to try instead:
orb of the moon
Moon"""

PAGES: dict[str, Answer] = {
    "/news/heron": (200, "text/html; charset=utf-8", ARTICLE),
    "/scripts": (200, "text/html", "<html><body><script>draw()</script></body></html>"),
    "/empty": (200, "text/html", ""),
    "/data.json": (200, "application/json", '{"birds": ["heron", "egret"]}'),
    "/notes.txt": (200, "text/plain", "word " * 10_000),
    "/photo.png": (200, "image/png", b"\x89PNG\r\n"),
    "/secret": (403, "text/html", "no"),
}


def _wolfram(asked: dict[str, list[str]]) -> Answer:
    match asked.get("input", [""])[0]:
        case "integrate x^2 sin x":
            return 200, "text/plain", WOLFRAM
        case "blorb of the moon":
            return 501, "text/plain", NOT_UNDERSTOOD
        case "without an id":
            return 403, "text/plain", "Error 1: Invalid appid"
        case "imperial":
            return 200, "text/plain", asked["units"][0]
    return 500, "text/plain", "A fault."


def _search(asked: dict[str, Any]) -> Answer:
    if asked.get("provider") == "brave":
        return 503, "text/plain", "Brave has no key: set BRAVE_API_KEY."
    found = [
        {
            "title": f"Heron {number}",
            "url": f"https://birds.invalid/{number}",
            "snippet": "A   grey\n bird. " * 60,
            "published": "2025-03-04" if number == 1 else None,
            "source": "wikipedia",
        }
        for number in range(1, asked["max_results"] + 1)
    ]
    results = [] if asked["query"] == "nothing" else found
    note = "Only Wikipedia was asked."
    answer = {"provider": "wikipedia", "note": note, "results": results}
    return 200, "application/json", json.dumps(answer)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if self.headers["X-Host"] == "www.wolframalpha.com":
            self._send(_wolfram(parse_qs(parts.query)))
        else:
            self._send(PAGES.get(parts.path, (404, "text/html", "none")))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(_search(json.loads(body)))

    def _send(self, answer: Answer) -> None:
        status, mime, body = answer
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", mime)
        self.send_header("Content-Length", str(len(data)))
        if self.path == "/notes.txt":
            self.send_header("X-Cut", "yes")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at answers."""


@contextmanager
def serving() -> Iterator[str]:
    """The server's address for as long as the context lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
