"""Calls Gradio's functions by their index, as a program would that ignores the page."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from aiportal.accounts import COOKIE_NAME

__all__ = ["GradioClient"]

DONE = "process_completed"


class GradioClient:
    """One caller. cookie: None for a stranger. origin: the page that the calls claim to be from."""

    def __init__(self, url: str, cookie: str | None) -> None:
        cookies = {} if cookie is None else {COOKIE_NAME: cookie}
        self._http = httpx.Client(base_url=url, cookies=cookies, timeout=20)
        self.origin = url
        self._calls = 0
        self._name = secrets.token_hex(6)

    def config(self) -> dict[str, Any]:
        """Gradio's description of the page."""
        answer = self._http.get("/config")
        answer.raise_for_status()
        config: dict[str, Any] = answer.json()
        return config

    def functions(self) -> Sequence[Mapping[str, Any]]:
        """Those that run on the server."""
        return [one for one in self.config()["dependencies"] if one["backend_fn"]]

    @property
    def session_hash(self) -> str:
        """Of the last call; each has its own."""
        return f"{self._name}{self._calls}"

    def join(self, index: int, data: Sequence[Any], event_data: object) -> httpx.Response:
        """Ask for a call; the answer says whether it was taken."""
        self._calls += 1
        body = {
            "fn_index": index,
            "data": list(data),
            "event_data": event_data,
            "session_hash": self.session_hash,
        }
        return self._http.post("/gradio_api/queue/join", json=body, headers={"Origin": self.origin})

    def post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """A POST as a page of `origin` would send it."""
        return self._http.post(path, json=body, headers={"Origin": self.origin})

    def call(self, index: int, data: Sequence[Any], event_data: object) -> str:
        """Call a function to its end; all that came back, as text."""
        answer = self.join(index, data, event_data)
        answer.raise_for_status()
        events: list[str] = []
        session = {"session_hash": self.session_hash}
        with self._http.stream("GET", "/gradio_api/queue/data", params=session) as stream:
            for line in stream.iter_lines():
                events.append(line)
                if line.startswith("data:") and json.loads(line[5:])["msg"] == DONE:
                    break
        return "\n".join(events)

    def first_told(self, session: str) -> str:
        """The first that a session's stream of events says."""
        with self._http.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": session}
        ) as stream:
            return next(line for line in stream.iter_lines() if line)

    def status(self, path: str) -> int:
        """The status that a GET is answered with."""
        return self._http.get(path).status_code

    def close(self) -> None:
        self._http.close()
