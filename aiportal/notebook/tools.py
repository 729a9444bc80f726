"""The portal's tools as a notebook has them: which there are, and running one."""

import asyncio
import base64
import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aiportal.notebook.access import Access
from aiportal.notebook.backend import ToolInfo, ToolRequest
from aiportal.notebook.table import Table as Records
from aiportal.notebook.table import table_html
from aiportal.picture_types import PICTURE_MIMES
from aiportal.tools import ToolOutcome
from aiportal.tools.result_table import Table, table_of
from aiportal.tools.shown import tables_of

__all__ = ["NotebookTools", "ToolRun"]

Files = Mapping[str, bytes] | Iterable[str | Path]


class ToolRun:
    """How a run ended; a notebook shows its result, what it printed, and its pictures.

    result: any JSON value. error: the type and the words of a failure, None where it went well.
    files: those that it made, by name. seconds: how long it took.
    """

    def __init__(self, outcome: ToolOutcome) -> None:
        failure = outcome.failure
        self.tool_id = outcome.tool_id
        self.result: Any = outcome.result
        self.error = None if failure is None else f"{failure.type}: {failure.message}"
        self.stdout = outcome.stdout
        self.stderr = outcome.stderr
        self.files = {artifact.name: artifact.data for artifact in outcome.artifacts}
        self.seconds = outcome.duration_ms / 1000
        self.is_truncated = outcome.is_truncated
        self._artifacts = outcome.artifacts

    def __repr__(self) -> str:
        how = f"error={self.error!r}" if self.error is not None else f"result={self.result!r}"
        return f"ToolRun({self.tool_id!r}, {how}, files={list(self.files)})"

    def _repr_html_(self) -> str:
        parts = [_preformatted(text) for text in (self.stdout, self.stderr) if text]
        if self.error is not None:
            parts.append(f"<p><strong>{html.escape(self.error)}</strong></p>")
        elif self.result is not None:
            parts += _result(self.result)
        for artifact in self._artifacts:
            name = html.escape(artifact.name)
            if artifact.mime in PICTURE_MIMES:
                data = base64.b64encode(artifact.data).decode()
                parts.append(f'<img alt="{name}" src="data:{artifact.mime};base64,{data}">')
            else:
                parts.append(f"<p><code>.files[{name!r}]</code>: {len(artifact.data):,} bytes</p>")
        if self.is_truncated:
            parts.append("<p>A part was too long and was left out.</p>")
        return "".join(parts)


class NotebookTools:
    """`portal.tools`: the tools that may be used now, and running one of them.

    portal.tools.run("calculator", expression="3 km + 200 m to mile").result
    portal.tools.run("data-analyzer", operation="describe", files=["sales.csv"])
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def list(self) -> Records[ToolInfo]:
        """Those that the caller may use, with the JSON Schema of their parameters."""
        return self._access.run(self._list())

    async def alist(self) -> Records[ToolInfo]:
        """As `list`, for `await`."""
        return await self._access.wrap(self._list())

    def run(
        self,
        tool_id: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        files: Files = (),
        session: str | None = None,
        timeout_s: float | None = None,
        agree: bool = False,
        **named: Any,
    ) -> ToolRun:
        """Run a tool and wait for it; the kernel's Stop, or Ctrl-C, ends it.

        parameters: the tool's, as a mapping or by name. files: paths, or bytes by name. session: a
        name; a further run by it finds what this one leaves in memory. timeout_s: at most the tool's
        own time counts. agree: to a tool that asks before each run, which is refused otherwise.
        A program that fails is no exception: see `ToolRun.error`. Raises PortalError; OSError for a
        file that cannot be read.
        """
        arguments = {**(parameters or {}), **named}
        request = ToolRequest(tool_id, arguments, session, timeout_s, is_agreed=agree)
        return self._access.run(self._run(request, files))

    async def arun(
        self,
        tool_id: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        files: Files = (),
        session: str | None = None,
        timeout_s: float | None = None,
        agree: bool = False,
        **named: Any,
    ) -> ToolRun:
        """As `run`, for `await`."""
        arguments = {**(parameters or {}), **named}
        request = ToolRequest(tool_id, arguments, session, timeout_s, is_agreed=agree)
        return await self._access.wrap(self._run(request, files))

    async def _list(self) -> Records[ToolInfo]:
        return Records(ToolInfo, await (await self._access.backend()).tools())

    async def _run(self, request: ToolRequest, files: Files) -> ToolRun:
        given = await asyncio.to_thread(_read, files)
        return ToolRun(await (await self._access.backend()).run_tool(request, given))


def _read(files: Files) -> Mapping[str, bytes]:
    if isinstance(files, Mapping):
        return files
    return {Path(path).name: Path(path).read_bytes() for path in files}


def _result(result: object) -> list[str]:
    """A table alone; of what is none, the tables in it and all of it as text."""
    if (whole := table_of(result)) is not None:
        return [_table(whole)]
    tables = [f"<p>{html.escape(one.path)}</p>{_table(one)}" for one in tables_of(result)]
    return [*tables, _preformatted(_text(result))]


def _table(table: Table) -> str:
    shown = table_html(table.columns, table.rows)
    hidden = table.row_count > len(table.rows) or table.column_count > len(table.columns)
    size = f"{table.row_count:,} rows and {table.column_count:,} columns"
    words = f"<p>{size}: <code>.result</code> has all of them.</p>"
    return shown + words if hidden else shown


def _text(result: object) -> str:
    return result if isinstance(result, str) else json.dumps(result, indent=2, ensure_ascii=False)


def _preformatted(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"
