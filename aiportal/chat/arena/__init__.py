"""Blind battles between models, and the standings that come of the votes."""

from aiportal.chat.arena.arena import Arena, Battle, BattleSide
from aiportal.chat.arena.battle import SIDES
from aiportal.chat.arena.battle_store import Side
from aiportal.chat.arena.leaderboard import Leaderboard
from aiportal.chat.arena.rating import Outcome, Standing

__all__ = [
    "SIDES",
    "Arena",
    "Battle",
    "BattleSide",
    "Leaderboard",
    "Outcome",
    "Side",
    "Standing",
]
