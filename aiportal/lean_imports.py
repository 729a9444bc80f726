"""Keeps two libraries from work that serves nobody here: at their import, where it takes seconds, and later.

sqlite-utils imports pandas and NumPy wherever they are installed, to know a type or two of theirs. Gradio
imports pandas for a cache that nobody here uses, and parses the source of each of its components, twice,
to write a stub for editors beside it, in a folder that may not be ours to write to. None of it can be
turned off. Gradio also looks up the parameters of a component's class anew for each update of a component,
which is most of what an update costs.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

__all__ = ["install"]


@contextmanager
def _standing_in(name: str, module: ModuleType | None) -> Iterator[None]:
    """Inside, an import of `name` gets `module`, or fails for None. A module that is there stays."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module  # type: ignore[assignment] # None: its import fails
    try:
        yield
    finally:
        del sys.modules[name]


class _WithoutTypes(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Execute sqlite-utils as if pandas and NumPy were not installed."""
        with _standing_in("pandas", None), _standing_in("numpy", None):
            super().exec_module(module)


class _Pandas(ModuleType):
    """pandas, imported when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        return getattr(import_module("pandas"), name)


class _WithLatePandas(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        with _standing_in("pandas", _Pandas("pandas")):
            super().exec_module(module)


class _Inspect(ModuleType):
    """inspect, with what it finds out of a function kept."""

    getfullargspec = staticmethod(cache(inspect.getfullargspec))

    def __getattr__(self, name: str) -> object:
        return getattr(inspect, name)


class _WithoutStubs(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Execute it, then take the writer of stubs away before any component is defined."""
        super().exec_module(module)
        vars(module)["create_or_modify_pyi"] = lambda *_: None
        vars(module)["inspect"] = _Inspect("inspect")


_LOADERS: Mapping[str, type[SourceFileLoader]] = {
    "sqlite_utils.db": _WithoutTypes,
    "gradio.caching": _WithLatePandas,
    "gradio.component_meta": _WithoutStubs,
}


class _LeanFinder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module's own, with a loader of ours."""
        if fullname not in _LOADERS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _LOADERS[fullname](fullname, spec.origin)
        return spec


def install() -> None:
    """For the whole process, once; costs next to nothing until one of the two is imported."""
    if not any(isinstance(finder, _LeanFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LeanFinder())
