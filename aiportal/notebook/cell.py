"""The notebook cell that a call was made from, if it was made from one.

IPython is optional and slow to import: where it is not loaded already there is no cell.
"""

import sys
from typing import Any

__all__ = ["cell_number", "is_kernel", "is_terminal", "shell", "show"]


def shell() -> Any | None:
    """The running IPython shell, None outside IPython."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def is_kernel() -> bool:
    """True in Jupyter and its like, where an output can be changed after it was shown."""
    return hasattr(shell(), "kernel")


def is_terminal() -> bool:
    """True in IPython's own terminal."""
    return shell() is not None and not is_kernel()


def cell_number() -> int | None:
    """The number of the cell that runs now, None outside IPython."""
    running = shell()
    return None if running is None else int(running.execution_count)


def show(bundle: dict[str, str], *, display_id: str | None = None, is_update: bool = False) -> None:
    """Show a MIME bundle in the running cell, or change the output that has this id."""
    running = shell()
    if running is None:
        return
    transient = {} if display_id is None else {"display_id": display_id}
    running.display_pub.publish(data=bundle, metadata={}, transient=transient, update=is_update)
