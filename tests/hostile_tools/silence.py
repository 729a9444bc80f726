"""Listeners of each kind that must not hear anything."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

__all__ = ["Silence"]


class Silence:
    """places: where they listen."""

    def __init__(self, sockets: dict[str, socket.socket], abstract: str, path: str) -> None:
        self._sockets = sockets
        self.places: dict[str, object] = {
            "tcp": sockets["tcp"].getsockname()[1],
            "udp": sockets["udp"].getsockname()[1],
            "unix": path,
            "abstract": abstract,
        }

    @classmethod
    @contextmanager
    def listening(cls, folder: Path) -> Iterator[Self]:
        """TCP and UDP on loopback, a Unix socket in `folder`, and one in the abstract name space."""
        abstract, path = f"hostile-{secrets.token_hex(8)}", str(folder / "listener")
        sockets = {
            "tcp": socket.create_server(("127.0.0.1", 0)),
            "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unix": socket.socket(socket.AF_UNIX),
            "abstract": socket.socket(socket.AF_UNIX),
        }
        try:
            sockets["udp"].bind(("127.0.0.1", 0))
            for name, address in (("unix", path), ("abstract", f"\0{abstract}")):
                sockets[name].bind(address)
                sockets[name].listen()
            (folder / "listener").chmod(0o777)
            for one in sockets.values():
                one.setblocking(False)
            yield cls(sockets, abstract, path)
        finally:
            for one in sockets.values():
                one.close()

    def heard(self) -> list[str]:
        """The kinds on which somebody has called."""
        found = []
        for name, one in self._sockets.items():
            try:
                if name == "udp":
                    one.recv(1)
                else:
                    one.accept()[0].close()
                found.append(name)
            except BlockingIOError:
                continue
        return found
