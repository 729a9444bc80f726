"""Tools to begin with: each is whole, and runs as it stands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from aiportal.errors import InvalidRequest
from aiportal.tools.schema import TOOL_ID

__all__ = ["TEMPLATES", "ToolTemplate"]

_ID: Final = re.compile(TOOL_ID)


@dataclass(frozen=True, slots=True)
class ToolTemplate:
    """id: of the template. config: what stands in `config.json`; controller: in `controller.py`."""

    id: str
    name: str
    config: Mapping[str, Any]
    controller: str

    def config_of(self, tool_id: str) -> Mapping[str, Any]:
        """The config of a tool of this id, under a name that is made of it.

        Raises InvalidRequest for what cannot be an id.
        """
        if not _ID.fullmatch(tool_id):
            raise InvalidRequest(
                "A tool's id is 1 to 64 letters of English, digits, `_` or `-`, the first a letter or "
                "a digit.",
                param="id",
            )
        name = tool_id.replace("-", " ").replace("_", " ").capitalize()
        return {**self.config, "id": tool_id, "name": name}


def _config(
    name: str, description: str, properties: Mapping[str, Any], required: Sequence[str], **more: Any
) -> Mapping[str, Any]:
    config = {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "description": description,
        "version": "1.0.0",
        "enabled": True,
        "parameters": {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        },
        "requiresApproval": False,
        "maxExecutionTime": 10_000,
    }
    return MappingProxyType(config | more)


_TEXT: Final = '''"""Counts the words of a text."""

from typing import Any


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """What is returned is the result: any JSON value."""
    words = parameters["text"].split()
    return {"words": len(words), "different": len({word.lower() for word in words})}
'''
_TABLE: Final = '''"""Makes a table, which is also a file to download."""

from typing import Any

import pandas as pd


def run(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """A list of records is shown as a table; files left in the working folder come back."""
    numbers = range(1, parameters["rows"] + 1)
    frame = pd.DataFrame({"n": numbers, "square": [n * n for n in numbers]})
    frame.to_csv("squares.csv", index=False)
    return frame.to_dict("records")
'''
_FETCH: Final = '''"""Reads a page of the web through the portal, within the hosts of config.json."""

from typing import Any

from aiportal_tool import ask


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """The program has no network of its own: it asks the portal."""
    page = ask("fetch", url=parameters["url"])
    return {"status": page["status"], "text": (page["text"] or "")[:2000]}
'''

TEMPLATES: Final[tuple[ToolTemplate, ...]] = (
    ToolTemplate(
        "text",
        "A text in, facts out",
        _config(
            "Word count",
            "Counts the words of a text.",
            {"text": {"type": "string", "title": "Text", "format": "textarea", "minLength": 1}},
            ["text"],
            examples=[{"name": "A sentence", "parameters": {"text": "to be or not to be"}}],
        ),
        _TEXT,
    ),
    ToolTemplate(
        "table",
        "A table and a file",
        _config(
            "Squares",
            "Lists square numbers.",
            {
                "rows": {
                    "type": "integer",
                    "title": "Rows",
                    "minimum": 1,
                    "maximum": 1000,
                    "default": 10,
                }
            },
            ["rows"],
            profile="data",
            dependencies=["pandas"],
            examples=[{"name": "Five", "parameters": {"rows": 5}}],
        ),
        _TABLE,
    ),
    ToolTemplate(
        "fetch",
        "A page of the web",
        _config(
            "Page reader",
            "Reads a page of the web.",
            {"url": {"type": "string", "title": "Address", "format": "uri", "minLength": 8}},
            ["url"],
            security={"allowNetworkAccess": True, "hosts": ["example.org"]},
            examples=[{"name": "Example", "parameters": {"url": "https://example.org/"}}],
        ),
        _FETCH,
    ),
)
