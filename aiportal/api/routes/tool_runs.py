"""Runs of tools that go on by themselves, and the forms that they are started from."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.files import safe_file
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.tools import FileBody, decoded_files
from aiportal.errors import Conflict, InvalidRequest
from aiportal.tools import RunStatus, ToolRun
from aiportal.tools.playground import Filled
from aiportal.tools.shown import shown_result
from aiportal.tools.snippets import snippets_of

__all__ = [
    "FormBody",
    "FormFilling",
    "NewRun",
    "RunBody",
    "RunList",
    "RunsDeleted",
    "router",
]

router = APIRouter(tags=["tools"], route_class=PortalRoute)
MAX_LIST = 100
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The file."}
}
RunId = Annotated[str, Field(max_length=100)]


class FormBody(BaseModel):
    """fields: null where the parameters have to be written as JSON. values: of a fresh form."""

    object: Literal["tool.form"] = "tool.form"
    fields: list[dict[str, Any]] | None
    values: dict[str, Any]


class FormFilling(BaseModel):
    """Either what stands in the fields, or parameters. files: names, for the programs in `code`."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any] | None = None
    parameters: dict[str, Any] | None = None
    files: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)] = []


class NewRun(BaseModel):
    """A tool with its parameters; or a call that waits for its caller's approval, which this gives."""

    model_config = ConfigDict(extra="forbid")

    tool_id: Annotated[str, Field(max_length=100)] | None = None
    parameters: dict[str, Any] = {}
    files: Annotated[list[FileBody], Field(max_length=100)] = []
    session: str | None = None
    approval_id: Annotated[str, Field(max_length=100)] | None = None


class RunBody(BaseModel):
    """One run. files: what was sent along, which is not kept. approval_id: what it waits for."""

    id: str
    object: Literal["tool.run"] = "tool.run"
    tool_id: str
    status: RunStatus
    parameters: dict[str, Any]
    files: list[dict[str, Any]]
    created_at: str
    ended_at: str | None
    approval_id: str | None

    @classmethod
    def of(cls, run: ToolRun) -> Self:
        return cls(
            id=run.id,
            tool_id=run.tool_id,
            status=run.status,
            parameters=dict(run.parameters),
            files=[asdict(one) for one in run.files],
            created_at=run.created_at,
            ended_at=run.ended_at,
            approval_id=run.approval_id,
        )


class RunList(BaseModel):
    object: Literal["list"] = "list"
    data: list[RunBody]
    has_more: bool


class RunsDeleted(BaseModel):
    object: Literal["tool.runs.deleted"] = "tool.runs.deleted"
    deleted: Literal[True] = True
    runs: int


@router.get("/tools/{tool_id}/form")
async def get_tool_form(tool_id: str, portal: PortalDep, principal: PrincipalDep) -> FormBody:
    """The fields of a form for the tool's parameters."""
    form = await portal.playground.form(principal, tool_id)
    fields = None if form.fields is None else [asdict(field) for field in form.fields]
    return FormBody(fields=fields, values=dict(form.values))


@router.post("/tools/{tool_id}/form", response_class=Response)
async def fill_tool_form(
    tool_id: str, body: FormFilling, request: Request, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """What fields mean as parameters or parameters as fields, what is wrong at each, and as programs.

    Runs nothing.
    """
    filled = await portal.playground.fill(
        principal, tool_id, values=body.values, parameters=body.parameters
    )
    base_url = str(request.base_url).rstrip("/")
    return await asyncio.to_thread(_filled, tool_id, filled, base_url, body.files)


@router.post("/tool-runs", status_code=202)
async def start_tool_run(body: NewRun, portal: PortalDep, principal: PrincipalDep) -> RunBody:
    """Begin a run, which goes on by itself until it has ended or is cancelled."""
    if (body.tool_id is None) == (body.approval_id is None):
        raise InvalidRequest("Send either `tool_id` or `approval_id`.")
    if body.approval_id is not None:
        approved = await portal.tool_runs.approve(principal, body.approval_id)
        if approved is None:
            raise Conflict(
                "It is approved, and runs where it was asked for.", code="runs_elsewhere"
            )
        return RunBody.of(approved)
    run = await portal.tool_runs.start(
        principal,
        body.tool_id or "",
        body.parameters,
        files=await asyncio.to_thread(decoded_files, body.files),
        session=body.session,
    )
    return RunBody.of(run)


@router.get("/tool-runs")
async def list_tool_runs(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST)] = 50,
    after: RunId | None = None,
    tool_id: Annotated[str, Field(max_length=100)] | None = None,
) -> RunList:
    """The caller's runs, the newest first, without what came of them."""
    found = await portal.tool_runs.list(principal, tool_id=tool_id, limit=limit + 1, after=after)
    return RunList(data=[RunBody.of(run) for run in found[:limit]], has_more=len(found) > limit)


@router.delete("/tool-runs")
async def delete_tool_runs(portal: PortalDep, principal: PrincipalDep) -> RunsDeleted:
    """Forget all of the caller's runs; those that go on are cancelled."""
    return RunsDeleted(runs=await portal.tool_runs.delete_all(principal))


@router.get("/tool-runs/{run_id}", response_class=Response)
async def get_tool_run(
    run_id: str,
    portal: PortalDep,
    principal: PrincipalDep,
    wait: Annotated[float, Query(ge=0, le=60)] = 0,
    shown: bool = False,
) -> Response:
    """One of them, after `wait` seconds at most; `shown`: the result as text, tables and pictures."""
    run = await portal.tool_runs.get(principal, run_id, wait_s=wait)
    return await asyncio.to_thread(lambda: _json(_whole(run, is_shown=shown)))


@router.post("/tool-runs/{run_id}/cancel")
async def cancel_tool_run(run_id: str, portal: PortalDep, principal: PrincipalDep) -> RunBody:
    """End it; one that is over stays as it is."""
    return RunBody.of(await portal.tool_runs.cancel(principal, run_id))


@router.delete("/tool-runs/{run_id}", status_code=204)
async def delete_tool_run(run_id: str, portal: PortalDep, principal: PrincipalDep) -> None:
    """Forget it; one that goes on is cancelled."""
    await portal.tool_runs.delete(principal, run_id)


@router.get("/tool-runs/{run_id}/artifacts/{place}", response_class=Response, responses=_BYTES)
async def get_tool_run_artifact(
    run_id: str,
    place: Annotated[int, Field(ge=0, le=10_000)],
    portal: PortalDep,
    principal: PrincipalDep,
) -> Response:
    """A file that it made. Pictures are shown, all else is a download."""
    made = await portal.tool_runs.artifact(principal, run_id, place)
    return safe_file(made.name, made.mime, made.data)


def _filled(tool_id: str, filled: Filled, base_url: str, file_names: Sequence[str]) -> Response:
    code = snippets_of(tool_id, filled.parameters, base_url, file_names=file_names)
    text = json.dumps(filled.parameters, ensure_ascii=False, indent=2)
    more = {"text": text, "code": asdict(code)}
    return _json({"object": "tool.form.filled", **asdict(filled), **more})


def _whole(run: ToolRun, *, is_shown: bool) -> dict[str, Any]:
    about = RunBody.of(run).model_dump()
    here = f"/api/v1/tool-runs/{quote(run.id)}/artifacts"
    about["artifacts"] = [
        {"name": one.name, "mime": one.mime, "size": one.size, "url": f"{here}/{one.place}"}
        for one in run.artifacts
    ]
    if run.outcome is None:
        return about
    outcome, failure = run.outcome, run.outcome.failure
    result: Mapping[str, Any] = {"result": outcome.result}
    if is_shown:
        result = {"shown": asdict(shown_result(outcome.result))}
    return about | {
        **result,
        "error": None if failure is None else asdict(failure),
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "duration_ms": round(outcome.duration_ms, 3),
        "truncated": outcome.is_truncated,
    }


def _json(content: object) -> Response:
    """By the standard library: numbers of any size are what a calculator is for."""
    return Response(json.dumps(content, allow_nan=False), media_type="application/json")
