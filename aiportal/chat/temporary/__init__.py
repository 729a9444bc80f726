"""Chats that are not stored: they live in the portal's memory, and go with it."""

from aiportal.chat.temporary.chat import TemporaryChat, is_temporary
from aiportal.chat.temporary.chats import TemporaryChats

__all__ = ["TemporaryChat", "TemporaryChats", "is_temporary"]
