"""Settings of a portal whose search providers are a fake site on loopback."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from aiportal.settings import Settings
from tests.tool_folder import write_tools
from tests.upstreams import SearchSite

__all__ = ["searching_settings"]

SHIPPED = Path(__file__).parents[1] / "tools"
NAMES: Sequence[str] = ("brave", "tavily", "wikipedia")


def searching_settings(settings: Settings, site: SearchSite, tools: Path) -> Settings:
    """The site answers for every provider; the tools are those of `write_tools` and `web-scraper`."""
    write_tools(tools)
    shutil.copy(SHIPPED / "config.json", tools / "config.json")
    shutil.copytree(SHIPPED / "web-scraper", tools / "web-scraper")
    return settings.model_copy(
        update={
            "search_urls": tuple(f"{name}={site.base_of(name)}" for name in NAMES),
            "fetch_allow": (f"127.0.0.1:{site.port}",),
            "tools_dir": tools,
        }
    )
