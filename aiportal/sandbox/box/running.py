"""A program that runs: what it writes, asks and reports is read, and its bounds are watched."""

import os
import select
import signal
import socket
import time
from contextlib import suppress
from typing import Any

from . import limits
from .capture import Capture
from .channel import Channel
from .disk import DiskWatch
from .housing import House, Housing
from .start import Order, be_program

__all__ = ["Running", "Verdict"]

Verdict = tuple[str, str]
"""Type and words of the reason why a program was ended, or has ended by itself."""

_LOOK_S = 0.05
_MAX_TYPE, _MAX_MESSAGE = 100, 4000
_MAX_REPORT = limits.MAX_RESULT_BYTES + 64 * 1024
_BY_SIGNAL: dict[int, Verdict] = {
    signal.SIGXCPU: ("timeout", "The program used more processor time than it may."),
    signal.SIGKILL: ("out_of_memory", "The system ended the program, most likely for its memory."),
}


class Running:
    """One process, from its fork to its end: it waits for an order first. A session's makes several
    calls."""

    def __init__(self, housing: Housing) -> None:
        self.report: dict[str, Any] = {}
        self.result = b""
        self._housing = housing
        self._is_script = False
        self._process = 0
        self._is_stopped = False
        self._asks = 0
        self._is_asking = False
        self._looks_at = 0.0
        self._disk: DiskWatch | None = None
        output, error, duty = os.pipe(), os.pipe(), socket.socketpair()
        self._process = os.fork()
        if self._process == 0:
            self._become(output[1], error[1], duty[1])
        os.close(output[1])
        os.close(error[1])
        duty[1].close()
        self._streams = (Capture(output[0]), Capture(error[0]))
        self._duty = Channel(duty[0], limit=_MAX_REPORT)
        self._watch = os.pidfd_open(self._process)

    def _become(self, output: int, error: int, duty: socket.socket) -> None:
        status = 70
        try:
            nothing = os.open(os.devnull, os.O_RDONLY)
            be_program(self._housing, (nothing, output, error), duty)
            status = 0
        finally:
            os._exit(status)

    @property
    def has_ended(self) -> bool:
        """Whether there is no process any more, one that waits for its first call included."""
        return self._process == 0 or self._is_gone(within_ms=0)

    def begin(self, order: Order, house: House, source: bytes) -> None:
        """Make the process that waits a program. Once, before the first call."""
        self._is_script = order.is_script
        if house.is_on_disk:
            self._disk = DiskWatch(house, order.disk_bytes)
        if order.is_script:
            self._streams[0].head_bytes = limits.MAX_RESULT_BYTES
        self._duty.send(order.as_header(), [source])

    def call(self, parameters: bytes, portal: Channel, deadline: float) -> Verdict | None:
        """Make one call. None once the program has reported, else why there will be no report."""
        self.report, self.result, self._asks = {}, b"", 0
        self._resume()
        if not self._is_script:
            self._duty.send({}, [parameters])
        while not self.report:
            if verdict := self._step(portal, deadline):
                return verdict
        return None

    def _step(self, portal: Channel, deadline: float) -> Verdict | None:
        if portal.is_over:
            return ("cancelled", "Nobody waits for it any more.")
        if time.monotonic() >= deadline:
            return ("timeout", "The program did not end within its time.")
        ready = self._wait(portal, deadline)
        portal.flush()
        for stream in self._streams:
            if stream.descriptor in ready:
                stream.read()
            if stream.is_too_much:
                words = f"The program wrote more than {limits.MAX_STREAM_BYTES} bytes of output."
                return ("output_limit", words)
        if portal.fileno() in ready:
            for _, blobs in portal.receive():
                self._is_asking = False
                self._duty.send({}, blobs)
        if self._duty.fileno() in ready:
            self._duty.flush()
            for header, blobs in self._duty.receive():
                if wrong := self._hear(header, blobs, portal):
                    return ("invalid_result", wrong)
        if not self.report and (self._duty.is_over or self._watch in ready):
            return self._end_of_itself()
        return self._of_watcher()

    def _wait(self, portal: Channel, deadline: float) -> set[int]:
        poll = select.poll()
        poll.register(portal, _events(portal))
        poll.register(self._watch, select.POLLIN)
        poll.register(self._duty, _events(self._duty))
        for stream in self._streams:
            if not stream.is_over:
                poll.register(stream.descriptor, select.POLLIN)
        wait_s = max(0.0, deadline - time.monotonic())
        if self._disk is not None:
            wait_s = min(wait_s, _LOOK_S)
        return {descriptor for descriptor, _ in poll.poll(wait_s * 1000 + 1)}

    def _hear(self, header: dict[str, Any], blobs: list[bytes], portal: Channel) -> str | None:
        """Take a report or pass on a question. Words where it is neither."""
        match header.get("op"):
            case "ask" if len(blobs) == 1 and len(blobs[0]) <= limits.MAX_ASK_BYTES:
                if self._is_asking or self._duty.has_pending:
                    return "The program asked again before it had read an answer."
                self._asks += 1
                if self._asks > limits.MAX_ASKS:
                    self._duty.send({}, [b'{"refusal": "This call has asked too often."}'])
                else:
                    self._is_asking = True
                    portal.send({"op": "ask"}, blobs)
            case "result" | "failure" if not self.report:
                self.report = {
                    "failure": [
                        str(header.get("type"))[:_MAX_TYPE],
                        str(header.get("message"))[:_MAX_MESSAGE],
                    ]
                    if header["op"] == "failure"
                    else None,
                    "is_whole": header.get("is_whole") is True,
                    "is_printed": self._is_script,
                }
                self.result = blobs[0] if blobs else b""
            case _:
                return "The program reported its result in an unknown form."
        return None

    def _end_of_itself(self) -> Verdict:
        with suppress(ChildProcessError):
            if self._duty.is_over and not self._is_gone(within_ms=1000):
                return ("crashed", "The program closed its line to the sandbox.")
            _, status = os.waitpid(self._process, 0)
            self._process = 0
            if os.WIFSIGNALED(status):
                number = os.WTERMSIG(status)
                words = f"The program crashed ({signal.Signals(number).name})."
                return _BY_SIGNAL.get(number, ("crashed", words))
            code = os.WEXITSTATUS(status)
            return ("exit", f"The program ended with code {code}, without a result.")
        return ("crashed", "The program has ended.")

    def _is_gone(self, *, within_ms: int) -> bool:
        """The descriptors of a process are closed a moment before it can be waited for."""
        poll = select.poll()
        poll.register(self._watch, select.POLLIN)
        return bool(poll.poll(within_ms))

    def _of_watcher(self) -> Verdict | None:
        """Where no namespace bounds files and threads."""
        if self._disk is None or time.monotonic() < self._looks_at:
            return None
        self._looks_at = time.monotonic() + _LOOK_S
        if limits.threads_of(self._process) > limits.MAX_THREADS:
            return ("thread_limit", f"The program has more than {limits.MAX_THREADS} threads.")
        if words := self._disk.fault(self._process):
            return ("disk_limit", words)
        return None

    def outputs(self) -> tuple[list[bytes], bool]:
        """Standard output and error since the last time, and whether something was left out."""
        kept = []
        for stream in self._streams:
            stream.drain()
            kept.append(stream.take())
        return [text for text, _ in kept], any(is_cut for _, is_cut in kept)

    def pause(self) -> bool:
        """Stop all of its threads; no time of the machine is used between calls. False: it has ended."""
        os.kill(self._process, signal.SIGSTOP)
        _, status = os.waitpid(self._process, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            self._is_stopped = True
        else:
            self._process = 0  # its number may be another's by now
        return self._is_stopped

    def _resume(self) -> None:
        if self._is_stopped:
            os.kill(self._process, signal.SIGCONT)
            self._is_stopped = False

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        if self._housing.is_namespaces:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # all that is in the call's namespaces but us
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0


def _events(channel: Channel) -> int:
    return select.POLLIN | (select.POLLOUT if channel.has_pending else 0)
