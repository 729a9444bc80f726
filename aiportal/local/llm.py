"""A loaded language model: llama.cpp's HTTP server, in a process that we start and end."""

import asyncio
import json
import logging
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiportal.errors import ModelUnavailable
from aiportal.local.machine import cores
from aiportal.settings import child_environment

__all__ = ["LlamaServer", "LocalEndpoint"]

PROGRAM = Path(__file__).with_name("llama_process.py")
LOAD_TIMEOUT_S = 600  # weights of tens of gigabytes from a slow disk
END_TIMEOUT_S = 5
KEPT_COMPLAINTS = 4_000  # bytes of llama.cpp's errors while it loads
# Threads that wait for each other sleep instead of spinning: on a busy machine this is the
# difference between 2 and 20 tokens a second.
CALM_THREADS = {"OMP_WAIT_POLICY": "passive"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LocalEndpoint:
    """Where a loaded model answers OpenAI's dialect: loopback, and only to who has the key."""

    base_url: str
    api_key: str = field(repr=False)


class LlamaServer:
    """Made by `start`; ended by `stop`, or by itself when this process ends."""

    def __init__(self, process: asyncio.subprocess.Process, alias: str) -> None:
        self._process = process
        self._alias = alias
        self._complaints = b""
        self._is_stopping = False
        self._listener = asyncio.create_task(self._listen(), name=f"llama-errors {alias}")
        self._endpoint: LocalEndpoint | None = None

    @classmethod
    async def start(
        cls,
        weights: Path,
        *,
        alias: str,
        context_window: int,
        parallel: int,
        is_embedding: bool = False,
    ) -> "LlamaServer":
        """Load `weights`. alias: what the answers call the model.

        context_window: tokens that each of `parallel` simultaneous requests has for prompt and
        answer; further requests wait their turn in the server. is_embedding: makes vectors, not text.
        Raises ModelUnavailable where the extra is missing or the file cannot be loaded.
        """
        if find_spec("xllamacpp") is None:
            raise ModelUnavailable(
                "The embedded engine is not installed. Run: pip install 'aiportal[local]'"
            )
        order = {
            "path": str(weights),
            "alias": alias,
            "context_window": context_window,
            "parallel": parallel,
            "is_embedding": is_embedding,
            "threads": await asyncio.to_thread(cores),
            "api_key": secrets.token_hex(32),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the folder of the program is not searched for modules
            str(PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=CALM_THREADS | child_environment(),
        )
        server = cls(process, alias)
        try:
            await server._load(order)
        except BaseException:
            await server.stop()
            raise
        return server

    @property
    def endpoint(self) -> LocalEndpoint:
        """Raises ModelUnavailable unless the model is loaded."""
        if self._endpoint is None:
            raise ModelUnavailable(f"{self._alias!r} is not loaded.")
        return self._endpoint

    async def wait(self) -> None:
        """Return when the process has ended; logs it where nobody asked for that."""
        status = await self._process.wait()
        if not self._is_stopping:
            _log.error("the engine of %s ended by itself, with status %s", self._alias, status)

    async def stop(self) -> None:
        """End the process, whatever it is doing; returns when it is gone."""
        self._is_stopping = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._endpoint is not None:  # one that loads does not hear us
            with suppress(TimeoutError):
                async with asyncio.timeout(END_TIMEOUT_S):
                    await self._process.wait()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._listener

    async def _load(self, order: dict[str, Any]) -> None:
        reply: dict[str, str] = {}
        try:
            async with asyncio.timeout(LOAD_TIMEOUT_S):
                reply = await self._ask(order)
        except TimeoutError as error:
            raise self._failed(order, f"not loaded after {LOAD_TIMEOUT_S} s") from error
        except (OSError, ValueError) as error:
            raise self._failed(order, "the engine ended") from error
        if "address" not in reply:
            raise self._failed(order, reply.get("error", "the engine ended"))
        self._endpoint = LocalEndpoint(f"{reply['address']}/v1", order["api_key"])
        self._complaints = b""

    async def _ask(self, order: dict[str, Any]) -> dict[str, str]:
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("the engine has no pipes")
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        reply = json.loads(await self._process.stdout.readline())
        return dict(reply)

    async def _listen(self) -> None:
        """Keep the last errors until the model is loaded; later ones may quote a prompt."""
        while self._process.stderr is not None:
            piece = await self._process.stderr.read(4096)
            if not piece:
                return
            if self._endpoint is None:
                self._complaints = (self._complaints + piece)[-KEPT_COMPLAINTS:]

    def _failed(self, order: dict[str, Any], reason: str) -> ModelUnavailable:
        complaints = self._complaints.decode(errors="replace").strip()
        _log.error(
            "%s could not be loaded from %s: %s\n%s",
            self._alias,
            order["path"],
            reason,
            complaints,
        )
        return ModelUnavailable(
            f"{self._alias!r} could not be loaded. Its file may be damaged, need more memory than "
            "there is, or be of a kind that this version of llama.cpp does not know. The portal's "
            "log says more. Choose another model."
        )
