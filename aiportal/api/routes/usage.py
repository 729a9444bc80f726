"""What calls used and cost: a user's own, or all for an administrator."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.usage import UsageRow

__all__ = ["router"]

router = APIRouter(tags=["usage"], route_class=PortalRoute)
MAX_LIST = 1_000
_COLUMNS = [field.name for field in fields(UsageRow)]
From = Annotated[datetime | None, Query(alias="from")]
To = Annotated[datetime | None, Query(alias="to")]


@router.get("/usage")
async def usage(
    portal: PortalDep,
    principal: PrincipalDep,
    since: From = None,
    until: To = None,
    group_by: Literal["model", "day", "key", "user", "endpoint"] | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST)] = 100,
    after: str | None = None,
) -> dict[str, Any]:
    """Rows oldest first, or totals by `group_by`. Times are ISO 8601; `to` is without."""
    if group_by is not None:
        groups = await portal.ledger.totals(principal, group_by=group_by, since=since, until=until)
        data = []
        for group in groups:
            totals = asdict(group)
            data.append({group_by: totals.pop("value"), **totals})
        return {"object": "list", "data": data, "has_more": False}
    rows = await portal.ledger.rows(
        principal, since=since, until=until, after=after, limit=limit + 1
    )
    return {
        "object": "list",
        "data": [asdict(row) for row in rows[:limit]],
        "has_more": len(rows) > limit,
    }


@router.get(
    "/usage/export.json",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "array"}}}}},
)
async def export_json(
    portal: PortalDep, principal: PrincipalDep, since: From = None, until: To = None
) -> Response:
    """All rows as one JSON array."""
    pages = portal.ledger.pages(principal, since=since, until=until)
    return await _download(_json_array(pages), "application/json", "usage.json")


@router.get(
    "/usage/export.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_csv(
    portal: PortalDep, principal: PrincipalDep, since: From = None, until: To = None
) -> Response:
    """All rows as CSV with a header line."""
    pages = portal.ledger.pages(principal, since=since, until=until)
    return await _download(_csv_lines(pages), "text/csv; charset=utf-8", "usage.csv")


async def _json_array(pages: AsyncIterator[Sequence[UsageRow]]) -> AsyncIterator[bytes]:
    before = b"["
    async for page in pages:
        encoded = await asyncio.to_thread(lambda rows: orjson.dumps(list(map(asdict, rows))), page)
        yield before + encoded[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"


async def _csv_lines(pages: AsyncIterator[Sequence[UsageRow]]) -> AsyncIterator[bytes]:
    yield (",".join(_COLUMNS) + "\r\n").encode()
    async for page in pages:
        yield await asyncio.to_thread(_as_csv, page)


def _as_csv(rows: Sequence[UsageRow]) -> bytes:
    text = io.StringIO()
    csv.DictWriter(text, _COLUMNS).writerows(map(asdict, rows))
    return text.getvalue().encode()


async def _download(pieces: AsyncIterator[bytes], media_type: str, name: str) -> Response:
    """The pieces as a file; the first is made before the status goes out, so that it can be an error."""
    first = await anext(pieces)
    second = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        yield second
        async for piece in pieces:
            yield piece

    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(whole(), media_type=media_type, headers=headers)
