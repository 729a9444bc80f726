"""The portal: its parts, built in order and stopped in reverse."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from aiportal.accounts import ApiKeys, Credentials, Sessions, SignInLinks, Tokens, Users
from aiportal.chat import Conversations, Turns
from aiportal.chat.completions import Completions
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.local import LocalModels
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.routing import Completion, Router
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.usage import Door, Ledger

__all__ = ["Portal"]


@dataclass(frozen=True)
class Portal:
    """What every door is given. It holds no behaviour of its own; see the parts."""

    settings: Settings
    database: Database
    users: Users
    sessions: Sessions
    links: SignInLinks
    keys: ApiKeys
    tokens: Tokens
    credentials: Credentials
    registry: Registry
    ledger: Ledger
    local: LocalModels
    router: Router
    completions: Completions
    conversations: Conversations
    turns: Turns

    def chat(
        self,
        principal: Principal,
        request: ChatRequest,
        *,
        source: Door,
        endpoint: str = "chat/completions",
        request_id: str | None = None,
    ) -> AbstractAsyncContextManager[Completion]:
        """One chat completion. See `Completions.open`."""
        return self.completions.open(
            principal, request, source=source, endpoint=endpoint, request_id=request_id
        )
