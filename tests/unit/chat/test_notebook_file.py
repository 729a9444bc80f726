"""A branch as a Jupyter notebook."""

import json
from typing import Any

import nbformat

from aiportal.chat import Conversation, Exports
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.branches import add_messages, ask_twice

ANSWER = """Like so:

```python
x = "```"
print(x)
```

- in a list

  ```python
  y = 1
  ```

~~~py
z = 2
~~~
```bash
ls
```
The end.
"""


async def _cells(
    exports: Exports, principal: Principal, conversation_id: str
) -> list[dict[str, Any]]:
    export = await exports.one(principal, conversation_id, format="ipynb")
    notebook = json.loads(export.text)
    nbformat.validate(notebook)
    cells: list[dict[str, Any]] = notebook["cells"]
    return cells


async def test_python_becomes_cells_of_code_and_all_else_stays_text(
    exports: Exports, database: Database, ann: Principal, chat: Conversation
) -> None:
    await add_messages(
        database,
        chat.id,
        {"id": "q", "role": "user", "content": "How?"},
        {"id": "a", "role": "assistant", "content": ANSWER, "model": "m/x"},
    )

    head, question, *answer = await _cells(exports, ann, chat.id)

    assert head["source"] == "# New chat"
    assert question["source"] == "**Question**\n\nHow?"
    assert [cell["cell_type"] for cell in answer] == [
        "markdown",
        "code",
        "markdown",
        "code",
        "markdown",
    ]
    assert answer[0]["source"] == "**Answer** by m/x\n\nLike so:"
    assert answer[1]["source"] == 'x = "```"\nprint(x)'
    assert "y = 1" in answer[2]["source"]
    assert answer[3]["source"] == "z = 2"
    assert answer[4]["source"] == "```bash\nls\n```\nThe end."
    assert answer[1]["metadata"]["aiportal"]["model"] == "m/x"


async def test_an_answer_of_code_alone_and_one_that_failed_have_their_marks(
    exports: Exports, database: Database, ann: Principal, chat: Conversation
) -> None:
    await ask_twice(database, chat.id)
    await add_messages(
        database,
        chat.id,
        {"id": "q2", "parent_id": "a2", "role": "user", "content": "And?"},
        {"id": "a3", "role": "assistant", "content": "```python\n1\n```"},
    )

    sources = [cell["source"] for cell in await _cells(exports, ann, chat.id)]

    assert sources[2:] == [
        "**Answer** by m/y (error)\n\nBecause",
        "> It broke.",
        "**Question**\n\nAnd?",
        "**Answer** by an unknown model",
        "1",
    ]


async def test_the_metadata_name_the_models(
    exports: Exports, database: Database, ann: Principal, chat: Conversation
) -> None:
    await ask_twice(database, chat.id)

    export = await exports.one(ann, chat.id, format="ipynb")

    about = json.loads(export.text)["metadata"]
    assert about["aiportal"]["models"] == ["m/y"]
    assert about["kernelspec"]["name"] == "python3"
