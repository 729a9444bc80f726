"""What the chip "Tools" offers for a model, and what an open chat has of it."""

import json
import secrets
from typing import Any, Final

from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.components import NO_TOOLS
from pages.reader import worded

__all__ = ["ToolsChoice", "chosen_value"]

RUNS: Final = "code-execution"  # what blocks of Python are run by
MAX_ABOUT_CHARS: Final = 300


class ToolsChoice:
    """Makes values; changes nothing."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def options(self, principal: Principal, model_id: str | None) -> dict[str, Any]:
        """The tools that can be had with the model, None for the portal's default.

        `reason`: why there are none, "" where there is nothing to say. `runs`: the tool that runs
        blocks of code, "" where the caller may not use it now.
        """
        tools, registry = self._portal.tools, self._portal.registry
        statuses = await tools.list(principal)
        runs = any(one.tool.id == RUNS and one.is_usable for one in statuses)
        value = {**NO_TOOLS, "runs": RUNS if runs else ""}
        if not statuses:
            return value
        wanted = model_id or registry.default_model
        usable = await registry.list(principal)
        model = next((one for one in usable if one.id == wanted), None)
        if model is None:
            return value
        if not model.calls_functions:
            words = worded(
                "This model does not call tools by itself. Over the API it can be made to, with "
                "tool_choice. Choose another model for chats with tools."
            )
            return value | {"reason": words}
        offered = tools.offered(principal, model.id)
        if not offered:
            missing = next((one.missing for one in statuses if one.missing), "")
            return value | {"reason": missing or worded("No tool is for this model.")}
        own = set(model.tools or ())
        return value | {
            "tools": [
                {
                    "id": one.id,
                    "name": one.name,
                    "about": _first_sentence(one.description),
                    "asks": worded("asks first") if one.needs_approval else "",
                    "own": one.id in own,
                }
                for one in offered
            ]
        }


def chosen_value(tools: Any) -> dict[str, str]:
    """A chat's own choice, as its parameters have it; None for what the model has anyway.

    The mark makes each value a new one, so that the page takes it over what it has.
    """
    return {"tools": "" if tools is None else json.dumps(tools), "mark": secrets.token_hex(4)}


def _first_sentence(text: str) -> str:
    first = " ".join(text.split()).partition(". ")[0].rstrip(".")
    return f"{first[:MAX_ABOUT_CHARS]}."
