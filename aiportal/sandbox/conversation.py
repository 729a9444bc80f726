"""One call over its line: the program goes in, questions come and are answered, a report comes out."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiportal.errors import PortalError
from aiportal.sandbox.box import frames
from aiportal.sandbox.box.limits import MAX_ANSWER_BYTES
from aiportal.sandbox.call import Broker, SandboxCall
from aiportal.sandbox.zygote import Zygote, ZygoteLost

__all__ = ["Conversation", "ConversationLost"]

_MAX_REPORT_BYTES = 32 * 1024**2
_GRACE_S = 2.0
READY_S = 10.0
_NOTHING_TO_ASK = "This tool has nothing to ask of the portal."


class ConversationLost(Exception):
    """The sandbox has gone away, or does not answer in time (`is_late`)."""

    def __init__(self, words: str, *, is_late: bool = False) -> None:
        super().__init__(words)
        self.is_late = is_late


class Conversation:
    """The line of one call, or of the calls of a session."""

    def __init__(
        self, zygote: Zygote, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.zygote = zygote
        self._reader, self._writer = reader, writer
        self._knows_program = False

    @classmethod
    async def begin(cls, zygote: Zygote) -> "Conversation":
        """Have a zygote make a supervisor. Raises ConversationLost: nothing was run then."""
        try:
            line = zygote.connect()
        except ZygoteLost as error:
            raise ConversationLost("its interpreter has ended") from error
        conversation = cls(zygote, *await asyncio.open_connection(sock=line))
        await conversation._hear_ready()
        return conversation

    async def check(self) -> None:
        """Ask the supervisor whether it is still there. Raises ConversationLost as `begin` does."""
        self._writer.write(frames.pack({"op": "check"}))
        await self._hear_ready()

    async def _hear_ready(self) -> None:
        is_ready = False
        try:
            async with asyncio.timeout(READY_S):
                await self._read()
            is_ready = True
        except TimeoutError as error:
            raise ConversationLost("its interpreter does not answer") from error
        except (OSError, EOFError, frames.BrokenFrame) as error:
            raise ConversationLost("its interpreter has ended") from error
        finally:
            if not is_ready:
                self.hang_up()

    def hang_up(self) -> None:
        """The sandbox sees it at once and ends the program."""
        self._writer.transport.abort()

    async def call(self, call: SandboxCall) -> tuple[dict[str, Any], list[bytes]]:
        """The report on one call. Raises ConversationLost."""
        limits = call.limits
        program = {} if self._knows_program else call.program.files
        self._knows_program = True
        header = {
            "program": list(program),
            "files": list(call.files),
            "stays": call.session is not None,
            "wall_s": limits.wall_s,
            "memory_bytes": limits.memory_bytes,
            "disk_bytes": limits.disk_bytes,
        }
        parameters = json.dumps(call.parameters).encode()
        blobs = [parameters, *program.values(), *call.files.values()]
        try:
            async with asyncio.timeout(limits.wall_s + _GRACE_S):
                self._writer.write(frames.pack(header, blobs))
                return await self._until_done(call.broker)
        except TimeoutError as error:
            raise ConversationLost("it did not answer in time", is_late=True) from error
        except (OSError, EOFError, frames.BrokenFrame) as error:
            raise ConversationLost("it has gone away") from error

    async def _until_done(self, broker: Broker | None) -> tuple[dict[str, Any], list[bytes]]:
        """Questions are answered while the line is listened to: the program may end meanwhile."""
        reading = asyncio.create_task(self._read())
        answering: asyncio.Task[bytes] | None = None
        try:
            while True:
                waited_for = {reading, answering} if answering else {reading}
                await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
                if answering is not None and answering.done():
                    self._writer.write(frames.pack({"op": "answer"}, [answering.result()]))
                    answering = None
                if not reading.done():
                    continue
                header, blobs = reading.result()
                if header.get("op") == "done":
                    return header, blobs
                if answering is not None:
                    raise frames.BrokenFrame("two questions at once")
                answering = asyncio.create_task(_answer(broker, blobs[0]))
                reading = asyncio.create_task(self._read())
        finally:
            await _cancelled(reading, answering)

    async def _read(self) -> tuple[dict[str, Any], list[bytes]]:
        prefix = await self._reader.readexactly(frames.PREFIX_BYTES)
        header, blobs = frames.body_length(prefix, _MAX_REPORT_BYTES)
        return frames.unpack(
            await self._reader.readexactly(header), await self._reader.readexactly(blobs)
        )


async def _cancelled(*tasks: "asyncio.Task[Any] | None") -> None:
    running = {task for task in tasks if task is not None and not task.done()}
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)


async def _answer(broker: Broker | None, question: bytes) -> bytes:
    """The broker's answer, or its refusal in words, as JSON."""
    try:
        operation, arguments = _understood(question)
        if broker is None:
            return _refusal(_NOTHING_TO_ASK)
        answer = json.dumps({"value": await broker(operation, arguments)}).encode()
    except PortalError as error:
        return _refusal(error.message)
    if len(answer) > MAX_ANSWER_BYTES:
        return _refusal(f"The answer is larger than {MAX_ANSWER_BYTES} bytes. Ask for less.")
    return answer


def _understood(question: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        given = json.loads(question)
        operation, arguments = given["operation"], given["arguments"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise PortalError("The question could not be read.") from error
    if not isinstance(operation, str) or not isinstance(arguments, dict):
        raise PortalError("The question could not be read.")
    return operation, arguments


def _refusal(words: str) -> bytes:
    return json.dumps({"refusal": words}).encode()
