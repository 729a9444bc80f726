"""A page of the web app without a browser: it calls what the page would, in Gradio's protocol."""

import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from aiportal.accounts import COOKIE_NAME

__all__ = ["PageConfig", "PageSession"]

DONE = "process_completed"
TURN = "Turn"  # the label of what holds the turn that is being written
SENDING = ["offstage sending-signals"]  # the classes of what hands a question over
LIVE = ["offstage live-signals"]  # and of what reports an answer's end


@dataclass(frozen=True)
class PageConfig:
    """What Gradio tells a page about itself: its components and the functions that they call."""

    components: Mapping[int, Mapping[str, Any]]
    functions: Sequence[Mapping[str, Any]]

    @classmethod
    async def read(cls, url: str, cookie: str) -> "PageConfig":
        """Of a portal, as this user."""
        async with (
            aiohttp.ClientSession(cookies={COOKIE_NAME: cookie}) as http,
            http.get(f"{url}/config") as answer,
        ):
            config = await answer.json()
        components = {one["id"]: one["props"] for one in config["components"]}
        return cls(components, config["dependencies"])

    def component(self, **properties: object) -> int:
        """The number of the one component with these properties."""
        wanted = properties.items()
        (found,) = (number for number, props in self.components.items() if wanted <= props.items())
        return found

    def function(self, component: int, event: str) -> Mapping[str, Any]:
        """What an event of a component calls on the server."""
        (found,) = (
            one
            for one in self.functions
            if [component, event] in [list(target) for target in one["targets"]]
            and one["backend_fn"]
        )
        return found


class PageSession:
    """One page of one user. `values` are what its components hold, by their number."""

    def __init__(self, url: str, cookie: str, config: PageConfig) -> None:
        self._http = aiohttp.ClientSession(url, cookies={COOKIE_NAME: cookie})
        self._origin = url
        self._config = config
        self._hash = secrets.token_hex(6)
        self._values = {number: props.get("value") for number, props in config.components.items()}
        self._turn = config.component(label=TURN)
        self._sending = config.component(elem_classes=SENDING)
        self._live = config.component(elem_classes=LIVE)

    async def ask(self, question: str, on_first_words: Callable[[], None] = lambda: None) -> float:
        """Ask in a new chat and read the answer to its end; seconds to its first words."""
        began = time.perf_counter()
        asked = {"text": question, "composed": orjson.dumps({"chat": ""}).decode()}
        async for message in self._call(self._sending, "input", asked):
            self._take(message)
        turn_id = self._values[self._turn]
        if not turn_id:  # a fast answer is complete by now, and came with the chat
            return time.perf_counter() - began
        first_s = float("nan")
        async with self._http.get(f"/live/turn/{turn_id}") as stream:
            stream.raise_for_status()
            async for _ in _lines(stream.content):
                if first_s != first_s:
                    first_s = time.perf_counter() - began
                    on_first_words()
        async for message in self._call(self._live, "select", {"id": turn_id}):
            self._take(message)
        return first_s

    async def close(self) -> None:
        await self._http.close()

    async def _call(
        self, component: int, event: str, data: Mapping[str, Any] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        function = self._config.function(component, event)
        body = {
            "fn_index": function["id"],
            "data": [self._values[number] for number in function["inputs"]],
            "event_data": data,
            "session_hash": self._hash,
            "trigger_id": component,
        }
        headers = {"Origin": self._origin}
        async with self._http.post("/gradio_api/queue/join", json=body, headers=headers) as answer:
            answer.raise_for_status()
        query = {"session_hash": self._hash}
        async with self._http.get("/gradio_api/queue/data", params=query) as stream:
            async for line in _lines(stream.content):
                message = orjson.loads(line)
                if message["msg"] == DONE:
                    if not message["success"]:
                        raise RuntimeError(f"a function of the page failed: {message}")
                    yield message | {"outputs": function["outputs"]}
                    return
                yield message

    def _take(self, message: Mapping[str, Any]) -> None:
        """Hold what the page was told to hold."""
        if message["msg"] != DONE:
            return
        for number, value in zip(message["outputs"], message["output"]["data"], strict=True):
            is_update = isinstance(value, dict) and value.get("__type__") == "update"
            if not is_update:
                self._values[number] = value
            elif "value" in value:
                self._values[number] = value["value"]


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The data of server-sent events, however long one is."""
    rest = b""
    while piece := await content.readany():
        *whole, rest = (rest + piece).split(b"\n\n")
        for event in whole:
            if event.startswith(b"data: "):
                yield event[6:]
