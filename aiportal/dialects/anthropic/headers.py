"""What a caller of Anthropic's says in headers that a provider of that dialect has to hear."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiportal.errors import InvalidRequest

__all__ = ["BETA", "VERSION", "CallersHeaders", "beta_names"]

BETA = "anthropic-beta"
VERSION = "anthropic-version"
MAX_BETAS = 64
MAX_BETA_CHARS = 100
_BETA_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_BETA_CHARS - 1}}}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def beta_names(*lists: str) -> Iterable[str]:
    """Every name in these comma lists, once, in their order."""
    names = (name.strip() for one in lists for name in one.split(","))
    return dict.fromkeys(filter(None, names))


@dataclass(frozen=True, slots=True)
class CallersHeaders:
    """As they came. beta: `anthropic-beta`, several joined by commas. "" for none."""

    beta: str = ""
    version: str = ""

    def checked(self) -> Mapping[str, str]:
        """Those that go on to the provider; a version that is no date is left out.

        Raises InvalidRequest for a list of betas that is none, or too long.
        """
        names = list(beta_names(self.beta))
        if len(names) > MAX_BETAS or not all(map(_BETA_NAME.fullmatch, names)):
            raise InvalidRequest(
                f"The header {BETA} is a list of at most {MAX_BETAS} names with commas between; a "
                f"name is at most {MAX_BETA_CHARS} letters, digits, dots, hyphens and underscores."
            )
        headers = {BETA: ",".join(names)} if names else {}
        if _DATE.fullmatch(self.version):
            headers[VERSION] = self.version
        return headers
