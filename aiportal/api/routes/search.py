"""POST /search: pages of the web for words."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.search import MAX_QUERY_CHARS, MAX_RESULTS, Found

__all__ = ["FoundBody", "ResultBody", "SearchBody", "router"]

router = APIRouter(prefix="/search", tags=["search"], route_class=PortalRoute)


class SearchBody(BaseModel):
    """provider: `brave`, `tavily`, `searxng` or `wikipedia`; without one, all that are set up."""

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARS)]
    provider: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    max_results: Annotated[int, Field(strict=True, ge=1, le=MAX_RESULTS)] = 10


class ResultBody(BaseModel):
    """published: in ISO 8601. source: the providers that found it, separated by commas."""

    title: str
    url: str
    snippet: str
    published: str | None
    source: str


class FoundBody(BaseModel):
    """provider: those that answered. note: in words, who did not, or that only Wikipedia was asked."""

    results: list[ResultBody]
    provider: str
    note: str | None

    @classmethod
    def of(cls, found: Found) -> Self:
        return cls.model_validate(found, from_attributes=True)


@router.post("")
async def search(body: SearchBody, portal: PortalDep, principal: PrincipalDep) -> FoundBody:
    """Search the web: results of several providers merged, best first."""
    found = await portal.web_search.search(
        principal, body.query, provider=body.provider, max_results=body.max_results
    )
    return FoundBody.of(found)
