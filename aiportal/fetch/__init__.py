"""The one safe fetcher: what is on the web, for callers who must not reach what is inside."""

from aiportal.fetch.exchange import Exchange
from aiportal.fetch.fetched import Fetched
from aiportal.fetch.fetcher import Fetcher
from aiportal.fetch.pace import Pace, Tempo

__all__ = ["Exchange", "Fetched", "Fetcher", "Pace", "Tempo"]
