"""Asks Wolfram|Alpha's LLM API through the portal, which adds the id of the app.

API: https://products.wolframalpha.com/llm-api/documentation
"""

from typing import Any
from urllib.parse import urlencode

from aiportal_tool import PortalRefusal, ask

__all__ = ["ToolError", "run"]

ENDPOINT = "https://www.wolframalpha.com/api/v1/llm-api"
DEFAULT_CHARS = 6_800
HEADINGS = ("things to try instead:", "you could instead try:", "did you mean:")


class ToolError(Exception):
    """There is no answer; the message says why and what to do."""

    is_told = True


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """`answer` as text, with the `url` of the whole result. Raises ToolError in words."""
    query = " ".join(str(parameters.get("query") or "").split())
    if not query:
        raise ToolError("Give a `query`, such as `integrate x^2 sin x`.")
    asked = {
        "input": query,
        "maxchars": str(parameters.get("max_chars", DEFAULT_CHARS)),
        "units": "nonmetric" if parameters.get("units") == "imperial" else "metric",
    }
    if parameters.get("assumption"):
        asked["assumption"] = str(parameters["assumption"])
    try:
        page = ask("fetch", url=f"{ENDPOINT}?{urlencode(asked)}")
    except PortalRefusal as exc:
        raise ToolError(str(exc)) from exc
    text = (page.get("text") or "").strip()
    if page["status"] != 200:
        raise ToolError(_refusal(page["status"], text, query))
    if not text:
        raise ToolError("Wolfram|Alpha gave an empty answer. Word the query in another way.")
    told: dict[str, Any] = {"query": query, "answer": text, "url": _website(text)}
    return told | ({"note": "The answer was cut short."} if page.get("is_truncated") else {})


def _refusal(status: int, text: str, query: str) -> str:
    match status:
        case 501:
            others = _suggestions(text)
            hint = f" Wolfram|Alpha suggests: {'; '.join(others)}." if others else ""
            return (
                f"Wolfram|Alpha could not understand {query!r}.{hint} Use fewer and simpler English "
                "words, or ask one thing at a time."
            )
        case 401 | 403:
            return (
                "Wolfram|Alpha does not accept the id of this portal's app. An administrator has to "
                "set WOLFRAM_APP_ID to a valid id for the LLM API."
            )
        case 400:
            return f"Wolfram|Alpha refuses the query {query!r}: {text[:300] or 'no reason given'}."
        case 429:
            return "Wolfram|Alpha is asked too often by this portal. Try again later."
    return f"Wolfram|Alpha answers with status {status} instead of a result. Try again later."


def _suggestions(text: str) -> list[str]:
    """The other queries that stand below a heading, one a line."""
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if line.lower().startswith(HEADINGS):
            return [other for other in lines[number + 1 :] if other][:5]
    return []


def _website(text: str) -> str | None:
    """The address of the page with the same result, which ends the answer."""
    for line in reversed(text.splitlines()[-5:]):
        start = line.find("https://www.wolframalpha.com/input")
        if start >= 0:
            return line[start:].strip()
    return None
