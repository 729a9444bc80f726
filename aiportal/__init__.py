"""AI Portal from Python: `from aiportal import Portal, connect, launch`, or `%load_ext aiportal`.

Nothing is imported before it is used: `import aiportal` alone costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aiportal import lean_imports

if TYPE_CHECKING:
    from aiportal.notebook.launch import launch
    from aiportal.notebook.magics import load_ipython_extension, unload_ipython_extension
    from aiportal.notebook.portal import Portal, connect

__all__ = [
    "Portal",
    "__version__",
    "connect",
    "launch",
    "load_ipython_extension",
    "unload_ipython_extension",
]

__version__ = "0.1.0"
lean_imports.install()

_HOMES = {
    "Portal": "aiportal.notebook.portal",
    "connect": "aiportal.notebook.portal",
    "launch": "aiportal.notebook.launch",
    "load_ipython_extension": "aiportal.notebook.magics",
    "unload_ipython_extension": "aiportal.notebook.magics",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
