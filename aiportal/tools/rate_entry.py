"""How often a tool may be called, as its file says it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = ["ToolRateEntry"]


class ToolRateEntry(BaseModel):
    """Of each caller: calls a minute, and calls at once."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    rpm: Annotated[int, Field(ge=1, le=100_000)] | None = None
    parallel: Annotated[int, Field(ge=1, le=1_000)] | None = None
