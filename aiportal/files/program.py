"""The program that reads one file: `python -m aiportal.files.program`, a process of its own.

Why not in ours: the files are anybody's, and the libraries that read them have had faults in which
they never end, take all memory or die. What a process takes goes back to the system when it ends.

The first line of standard input is the order, as JSON: `source`, `folder`, `name`, `seconds`,
`memory_bytes`. The reply is one line of JSON: `facts`, or `refused` with the reason.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiportal.files.facts import FileFacts, FileRefused
from aiportal.files.kinds import HEAD_BYTES, kind_of

__all__ = ["main"]

MAX_WRITTEN_BYTES = 64 * 1024 * 1024
TOO_MUCH = "needs more memory to be read than a file may take here."


def main() -> None:
    """Read the file of the order, reply, end."""
    order = json.loads(sys.stdin.readline())
    _limit(int(order["seconds"]), int(order["memory_bytes"]))
    try:
        reply: dict[str, Any] = {"facts": asdict(_read(order))}
    except FileRefused as refused:
        reply = {"refused": str(refused)}
    except MemoryError:
        reply = {"refused": TOO_MUCH}
    sys.stdout.write(json.dumps(reply) + "\n")


def _read(order: dict[str, Any]) -> FileFacts:
    source, folder, name = Path(order["source"]), Path(order["folder"]), str(order["name"])
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise FileRefused("is empty.")
    match kind_of(head, name):
        case "image":
            from aiportal.files.pictures import read_picture

            return read_picture(source, folder)
        case "pdf":
            from aiportal.files.documents import read_pdf

            return read_pdf(source, folder)
        case "docx":
            from aiportal.files.documents import read_docx

            return read_docx(source, folder)
        case "text":
            from aiportal.files.texts import read_text

            return read_text(source, folder, name)


def _limit(seconds: int, memory_bytes: int) -> None:
    """Bounds of the system on this process, where it has them."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_WRITTEN_BYTES, MAX_WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


if __name__ == "__main__":
    main()
