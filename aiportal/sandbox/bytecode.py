"""Compiled modules of the libraries that a profile imports, written before it is confined.

A zygote cannot write them; installers such as uv leave that to the first import, which takes
twenty seconds for pandas instead of one.
"""

import asyncio
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from aiportal.sandbox.call import Profile

__all__ = ["compile_ahead"]

_LONGEST_S = 300


async def compile_ahead(profile: Profile, environment: Mapping[str, str]) -> None:
    """Import the profile's modules once in a process that may write their bytecode, if need be.

    Only of the portal's own environment. What cannot be imported is told when the profile starts.
    """
    if profile.python is not None or not await asyncio.to_thread(_is_needed, profile.preload):
        return
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="aiportal-bytecode-")
    try:
        await _import_once(profile.preload, {**environment, "MPLCONFIGDIR": folder})
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _import_once(modules: tuple[str, ...], environment: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-X", "utf8", "-c", f"import {', '.join(modules)}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        cwd="/",
        umask=0o022,  # the portal's own would keep it from the user that programs run as
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            await process.wait()
    except TimeoutError:
        pass  # what is written by now is a help already
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _is_needed(modules: tuple[str, ...]) -> bool:
    return any(_lacks_bytecode(name.partition(".")[0]) for name in modules)


def _lacks_bytecode(package: str) -> bool:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None or not spec.has_location:
        return False
    if not os.access(Path(spec.origin).parent, os.W_OK):
        return False
    return not Path(importlib.util.cache_from_source(spec.origin)).exists()
