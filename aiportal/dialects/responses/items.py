"""Items of a response's input and output, and their content parts, as they go over the wire.

Keys that are not named here are kept: they come back when the items are listed.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

__all__ = [
    "AudioData",
    "FunctionCall",
    "FunctionCallOutput",
    "InputAudio",
    "InputFile",
    "InputImage",
    "InputMessage",
    "InputText",
    "Item",
    "ItemReference",
    "OutputText",
    "Part",
    "Reasoning",
    "ReasoningText",
    "Refusal",
    "read_items",
]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class InputText(_Wire):
    type: Literal["input_text"]
    text: str


class InputImage(_Wire):
    """`image_url` is an address or a data URL."""

    type: Literal["input_image"]
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["low", "high", "auto", "original"] | None = None


class InputFile(_Wire):
    """`file_data` is a data URL."""

    type: Literal["input_file"]
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None


class AudioData(_Wire):
    """`data` is base64."""

    data: str
    format: str


class InputAudio(_Wire):
    type: Literal["input_audio"]
    input_audio: AudioData


class OutputText(_Wire):
    type: Literal["output_text"]
    text: str


class Refusal(_Wire):
    type: Literal["refusal"]
    refusal: str


def _kind_of(value: object) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if isinstance(kind, str) else None


def _part_tag(value: object) -> str:
    return f"[{_kind_of(value)}]"


# The brackets keep the tags out of the paths that errors name: see `invalid_field`.
Part = Annotated[
    Annotated[InputText, Tag("[input_text]")]
    | Annotated[InputImage, Tag("[input_image]")]
    | Annotated[InputFile, Tag("[input_file]")]
    | Annotated[InputAudio, Tag("[input_audio]")]
    | Annotated[OutputText, Tag("[output_text]")]
    | Annotated[Refusal, Tag("[refusal]")],
    Discriminator(
        _part_tag,
        custom_error_type="part_type",
        custom_error_message="a content part is of type input_text, input_image, input_file, "
        "input_audio, output_text or refusal",
    ),
]


class InputMessage(_Wire):
    """What somebody said; an assistant's is of an earlier answer."""

    type: Literal["message"] = "message"
    id: str | None = None
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[Part]


class FunctionCall(_Wire):
    type: Literal["function_call"]
    id: str | None = None
    call_id: Annotated[str, Field(min_length=1)]
    name: str
    arguments: str
    status: str | None = None


class FunctionCallOutput(_Wire):
    type: Literal["function_call_output"]
    id: str | None = None
    call_id: Annotated[str, Field(min_length=1)]
    output: str | list[Part]


class ReasoningText(_Wire):
    """A part of `summary` or of `content`."""

    type: str
    text: str


class Reasoning(_Wire):
    """What a model thought before it answered."""

    type: Literal["reasoning"]
    id: str | None = None
    summary: list[ReasoningText] = []
    content: list[ReasoningText] | None = None


class ItemReference(_Wire):
    """Stands for an item of a stored response."""

    type: Literal["item_reference"] | None = None
    id: str


def _item_tag(value: object) -> str:
    kind = _kind_of(value)
    if kind is None and isinstance(value, dict):
        kind = "message" if "role" in value else "item_reference"
    return f"[{kind}]"


Item = Annotated[
    Annotated[InputMessage, Tag("[message]")]
    | Annotated[FunctionCall, Tag("[function_call]")]
    | Annotated[FunctionCallOutput, Tag("[function_call_output]")]
    | Annotated[Reasoning, Tag("[reasoning]")]
    | Annotated[ItemReference, Tag("[item_reference]")],
    Discriminator(
        _item_tag,
        custom_error_type="item_type",
        custom_error_message="an item is of type message, function_call, function_call_output, "
        "reasoning or item_reference; what built-in tools say and take is not known here",
    ),
]

_ITEMS: TypeAdapter[list[Item]] = TypeAdapter(list[Item])


def read_items(stored: list[dict[str, Any]]) -> list[Item]:
    """Items as this portal has written them."""
    return _ITEMS.validate_python(stored)
