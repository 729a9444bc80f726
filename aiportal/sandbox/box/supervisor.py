"""The process that watches a call: it starts the program, has it run, ends it, and reports.

In tier `namespaces` it is the first process of the call's own namespaces: its end is the end of
everything in them.
"""

import select
import socket
import time
from typing import Any

from .channel import Channel
from .frames import MAX_FRAME_BYTES
from .housing import House, Housing
from .program import CONTROLLER, has_function
from .running import Running, Verdict
from .start import Start

__all__ = ["supervise"]


def supervise(channel: socket.socket, housing: Housing) -> None:
    """Serve one call, or the calls of one session, that arrive over the channel."""
    portal = Channel(channel, limit=MAX_FRAME_BYTES)
    portal.send({"op": "ready"})
    _Supervisor(portal, housing).run()


class _Supervisor:
    def __init__(self, portal: Channel, housing: Housing) -> None:
        self._portal = portal
        self._housing = housing

    def run(self) -> None:
        """The first call furnishes the house and starts the program; the next ones find it there."""
        if (first := self._next_call()) is None:
            return
        header, (parameters, *contents) = first
        program = dict(zip(header["program"], contents, strict=False))
        house = self._housing.furnish(program, parameters, header["disk_bytes"])
        try:
            running = Running(self._start(header, house, program[CONTROLLER]))
            try:
                call: tuple[dict[str, Any], list[bytes]] | None = first
                while call is not None and self._serve(*call, running, house):
                    call = self._next_call()
            finally:
                running.end()
        finally:
            house.leave()
            if self._portal.is_over:  # with the portal gone the zygote is, too
                self._housing.leave()

    def _next_call(self) -> tuple[dict[str, Any], list[bytes]] | None:
        poll = select.poll()
        poll.register(self._portal, select.POLLIN)
        while not self._portal.is_over:
            poll.poll()
            for header, blobs in self._portal.receive():
                if header.get("op") != "check":
                    return header, blobs
                self._portal.send({"op": "ready"})
        return None

    def _start(self, header: dict[str, Any], house: House, source: bytes) -> Start:
        return Start(
            house=house,
            source=source,
            is_script=not has_function(source),
            stays=header["stays"],
            wall_s=header["wall_s"],
            memory_bytes=header["memory_bytes"],
            disk_bytes=header["disk_bytes"],
            in_use=self._housing.in_use,
            visible=self._housing.visible,
            is_namespaces=self._housing.is_namespaces,
        )

    def _serve(
        self, header: dict[str, Any], blobs: list[bytes], running: Running, house: House
    ) -> bool:
        """Make one call. True if the program stays for another."""
        started = time.monotonic()
        parameters, *contents = blobs
        given = contents[len(header["program"]) :]
        house.receive(dict(zip(header["files"], given, strict=True)))
        verdict = running.call(parameters, self._portal, started + header["wall_s"])
        stays = bool(header["stays"]) and verdict is None and not running.report["is_printed"]
        if stays:
            running.pause()
        else:
            running.end()
        if not self._portal.is_over:
            self._report(running, house, verdict, started, stays=stays)
        return stays

    def _report(
        self,
        running: Running,
        house: House,
        verdict: Verdict | None,
        started: float,
        *,
        stays: bool,
    ) -> None:
        outputs, is_cut = running.outputs()
        found, is_incomplete = house.collect()
        header = {
            **running.report,
            "op": "done",
            "verdict": verdict,
            "stays": stays,
            "is_truncated": is_incomplete or is_cut,
            "names": [name for name, _ in found],
            "duration_ms": (time.monotonic() - started) * 1000,
        }
        self._portal.send(header, [running.result, *outputs, *(data for _, data in found)])
        self._portal.flush_all()
