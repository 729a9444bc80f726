"""The interpreters that are kept warm."""

from typing import Final

from aiportal.sandbox.call import Profile

__all__ = ["BARE", "DATA"]

BARE: Final = Profile("bare")
"""The standard library and what is installed, imported by the program itself."""

DATA: Final = Profile("data", ("numpy", "pandas", "matplotlib.pyplot"))
"""Tables and plots, imported beforehand."""
