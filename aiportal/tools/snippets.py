"""The same call as a program: for a terminal, for Python, for a notebook."""

import json
import pprint
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Snippets", "snippets_of"]

KEY_VARIABLE: Final = "AIPORTAL_KEY"
_WIDTH: Final = 88
MAX_LAID_OUT_CHARS: Final = 50_000  # of parameters; longer ones stand on one line, which is fast


@dataclass(frozen=True, slots=True)
class Snippets:
    """They read the key from `AIPORTAL_KEY`. notebook: the text of a cell."""

    curl: str
    python: str
    notebook: str


def snippets_of(
    tool_id: str, parameters: Mapping[str, Any], base_url: str, *, file_names: Sequence[str] = ()
) -> Snippets:
    """For the portal at `base_url`, without a slash at its end; files are read from where it runs."""
    address = f"{base_url}/v1/tools/{tool_id}/execute"
    body = json.dumps({"parameters": parameters}, ensure_ascii=False)
    literal = repr(dict(parameters))
    if len(body) <= MAX_LAID_OUT_CHARS:
        body = json.dumps({"parameters": parameters}, ensure_ascii=False, indent=2)
        literal = pprint.pformat(dict(parameters), width=_WIDTH, sort_dicts=False)
    python = _python(address, literal, file_names, shown="print(answer)")
    curl = _curl(address, body, file_names)
    cell = _python(address, literal, file_names, shown="answer")
    notebook = f"%pip install --quiet httpx\n{cell}"
    return Snippets(curl, python, notebook)


def _curl(address: str, body: str, file_names: Sequence[str]) -> str:
    head = (
        f"curl --silent --show-error {shlex.quote(address)} \\\n"
        f'  --header "Authorization: Bearer ${KEY_VARIABLE}" \\\n'
        "  --header 'Content-Type: application/json' \\\n"
    )
    if not file_names:
        return f"{head}  --data-binary {shlex.quote(body)}\n"
    files = " ".join(
        f'--arg name{place} {shlex.quote(name)} --arg data{place} "$(base64 < {shlex.quote(name)})"'
        for place, name in enumerate(file_names)
    )
    items = ", ".join(
        f'{{name: $name{place}, data: ($data{place} | gsub("\\\\s"; ""))}}'
        for place in range(len(file_names))
    )
    program = shlex.quote(f". + {{files: [{items}]}}")
    return f"printf %s {shlex.quote(body)} | jq {files} {program} |\n{head}  --data-binary @-\n"


def _python(address: str, literal: str, file_names: Sequence[str], *, shown: str) -> str:
    """literal: the parameters. shown: the last line."""
    imports = ["import os"]
    files, given = "", '{"parameters": parameters}'
    if file_names:
        imports = ["import base64", "import os", "from pathlib import Path"]
        names = pprint.pformat(list(file_names), width=_WIDTH)
        files = (
            f"names = {names}\n"
            'files = [{"name": name, "data": base64.b64encode(Path(name).read_bytes()).decode()}'
            " for name in names]\n"
        )
        given = '{"parameters": parameters, "files": files}'
    lines = "\n".join(imports)
    return (
        f"{lines}\n\nimport httpx  # pip install httpx\n\n"
        f"parameters = {literal}\n{files}"
        f'key = os.environ["{KEY_VARIABLE}"]\n'
        "answer = httpx.post(\n"
        f"    {address!r},\n"
        '    headers={"Authorization": f"Bearer {key}"},\n'
        f"    json={given},\n"
        "    timeout=120,\n"
        ").json()\n"
        f"{shown}\n"
    )
