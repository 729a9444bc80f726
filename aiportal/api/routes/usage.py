"""What calls used and cost: a user's own, or all for an administrator."""

import csv
import io
from dataclasses import asdict, fields
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.usage import UsageRow

__all__ = ["router"]

router = APIRouter(tags=["usage"], route_class=PortalRoute)
MAX_LIST = 1_000
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


@router.get("/usage/export.json")
async def export_json(
    portal: PortalDep, principal: PrincipalDep, since: From = None, until: To = None
) -> Response:
    """All rows as one JSON array."""
    rows = await portal.ledger.rows(principal, since=since, until=until)
    return _download(orjson.dumps([asdict(row) for row in rows]), "application/json", "usage.json")


@router.get(
    "/usage/export.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_csv(
    portal: PortalDep, principal: PrincipalDep, since: From = None, until: To = None
) -> Response:
    """All rows as CSV with a header line."""
    rows = await portal.ledger.rows(principal, since=since, until=until)
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(UsageRow)])
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return _download(text.getvalue().encode(), "text/csv; charset=utf-8", "usage.csv")


def _download(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
