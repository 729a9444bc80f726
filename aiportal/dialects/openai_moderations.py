"""OpenAI's moderations: the request."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.whole_request import WholeBody, WholeRequest, check_lengths, validated

__all__ = ["ModerationPart", "ModerationsBody", "parse_moderations"]

MAX_INPUTS = 2_048


class ModerationPart(BaseModel):
    """A text or an image; keys that are not named here travel on."""

    model_config = ConfigDict(extra="allow", strict=True)

    type: Literal["text", "image_url"]
    text: str | None = None


class ModerationsBody(WholeBody):
    """What the portal reads of a request; every other field travels on unchanged."""

    input: (
        str
        | Annotated[list[str], Field(min_length=1, max_length=MAX_INPUTS)]
        | Annotated[list[ModerationPart], Field(min_length=1, max_length=MAX_INPUTS)]
    )


def parse_moderations(body: object, limits: ChatLimits) -> WholeRequest:
    """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
    asked, fields = validated(ModerationsBody, body)
    inputs = asked.input if isinstance(asked.input, list) else [asked.input]
    texts = (each if isinstance(each, str) else each.text or "" for each in inputs)
    chars = check_lengths(texts, limits.max_content_chars, param="input")
    return WholeRequest("moderations", asked.model, fields, chars)
