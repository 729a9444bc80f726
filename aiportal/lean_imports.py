"""Keeps two libraries from work at their import that takes seconds and serves nobody here.

sqlite-utils imports pandas wherever that is installed, to know a type of it; Gradio parses the source of
each of its components, twice, to write a stub for editors beside it, in a folder that may not be ours to
write to. Neither can be told not to.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

__all__ = ["install"]


class _WithoutPandas(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Execute it as if pandas were not installed, unless that is imported already."""
        if "pandas" in sys.modules:
            super().exec_module(module)
            return
        sys.modules["pandas"] = None  # type: ignore[assignment]  # makes its import fail
        try:
            super().exec_module(module)
        finally:
            del sys.modules["pandas"]


class _WithoutStubs(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Execute it, then take the writer of stubs away before any component is defined."""
        super().exec_module(module)
        module.create_or_modify_pyi = lambda *_: None  # type: ignore[attr-defined]


_LOADERS: Mapping[str, type[SourceFileLoader]] = {
    "sqlite_utils.db": _WithoutPandas,
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
