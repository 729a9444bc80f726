"""The one safe fetcher: what is on the web, for callers who must not reach what is inside."""

from aiportal.fetch.fetched import Fetched
from aiportal.fetch.fetcher import Fetcher
from aiportal.fetch.pace import Pace, Tempo

__all__ = ["Fetched", "Fetcher", "Pace", "Tempo"]
