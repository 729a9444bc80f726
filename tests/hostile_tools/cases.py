"""All of them by name; those that read and reach are also made by a script of the guide's kind."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tests.hostile_tools.answering import ANSWERING
from tests.hostile_tools.reaching import KERNEL, REACHING
from tests.hostile_tools.reading import READING
from tests.hostile_tools.spending import SPENDING
from tests.hostile_tools.staying import STAYING
from tests.hostile_tools.target import SCRIPT

__all__ = ["CASES"]

_ALL: Final = (*READING, *REACHING, *KERNEL, *SPENDING, *ANSWERING, *STAYING)
_BY_SCRIPT: Final = tuple(
    replace(case, name=f"{case.name} (script)", tool=SCRIPT)
    for case in (*READING, *REACHING, *KERNEL)
)
CASES: Final = MappingProxyType({case.name: case for case in (*_ALL, *_BY_SCRIPT)})
