"""The SDK's way to a server that is a program of this machine: one message a line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import Client
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage

from aiportal.errors import ToolUnavailable, UpstreamError
from aiportal.sandbox.companion import Companion, CompanionOrder
from aiportal.tools.servers.connection import Way, client_over

__all__ = ["way_over_stdio"]

BURST, EACH_S = 500, 0.01  # messages at once, and the pause after each further one
Written = MemoryObjectReceiveStream[SessionMessage]
Read = MemoryObjectSendStream[SessionMessage | Exception]


def way_over_stdio(order: CompanionOrder, list_changed: Callable[[], None]) -> Way:
    """How a server with a command is started and spoken to.

    list_changed: called when it says that its tools have. Raises ToolUnavailable where it cannot be
    started, UpstreamError where it ends at once.
    """

    async def heard(message: object) -> None:
        if isinstance(message, mcp_types.ToolListChangedNotification):
            list_changed()

    @asynccontextmanager
    async def connected() -> AsyncIterator[Client]:
        companion = await Companion.start(order)
        try:
            try:
                async with client_over(_streams(companion), message_handler=heard) as client:
                    yield client
            except Exception as error:
                if fault := await companion.trouble():
                    raise ToolUnavailable(f"it cannot be started: {fault}") from error
                if said := " ".join(companion.said.split())[-300:]:
                    raise UpstreamError(f"it ended, and said: {said}") from error
                raise
        finally:
            await asyncio.shield(asyncio.ensure_future(companion.stop()))

    return connected


@asynccontextmanager
async def _streams(companion: Companion) -> AsyncIterator[TransportStreams]:
    into, messages = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, out_of = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as group, into, messages, outgoing, out_of:
        group.start_soon(_read, companion, into)
        group.start_soon(_write, companion, out_of, into)
        yield messages, outgoing
        group.cancel_scope.cancel()


async def _read(companion: Companion, into: Read) -> None:
    """Its lines, no faster than they can be dealt with; what is no message is passed over."""
    room = float(BURST)
    last = anyio.current_time()
    async with into:
        while True:
            try:
                line = await companion.read_line()
            except ValueError:
                return  # longer than a line may be: it is not spoken to any more
            if not line:
                return
            now = anyio.current_time()
            room = min(room + (now - last) / EACH_S, BURST) - 1
            last = now
            if room < 0:
                await anyio.sleep(EACH_S)
            try:
                message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                continue
            try:
                await into.send(SessionMessage(message))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return


async def _write(companion: Companion, out_of: Written, into: Read) -> None:
    try:
        async for sent in out_of:
            text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
            await companion.write(text.encode() + b"\n")
    except OSError:
        await into.aclose()
