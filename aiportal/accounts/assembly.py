"""All parts of accounts, built so that they share one cache, one counter and one hasher."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiportal.accounts.attempts import Attempts
from aiportal.accounts.credentials import Credentials
from aiportal.accounts.grants import GrantCache
from aiportal.accounts.groups import Groups
from aiportal.accounts.keys import ApiKeys
from aiportal.accounts.links import SignInLinks
from aiportal.accounts.passwords import Passwords
from aiportal.accounts.preferences import Preferences
from aiportal.accounts.sessions import Sessions
from aiportal.accounts.tokens import Tokens
from aiportal.accounts.users import Users
from aiportal.accounts.uses import Uses
from aiportal.settings import Settings, read_or_create_secret
from aiportal.store import Database

__all__ = ["Accounts", "open_accounts"]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The parts that a portal hangs up under its own names."""

    users: Users
    groups: Groups
    sessions: Sessions
    links: SignInLinks
    keys: ApiKeys
    tokens: Tokens
    credentials: Credentials
    preferences: Preferences


@asynccontextmanager
async def open_accounts(
    database: Database,
    settings: Settings,
    *,
    passwords: Passwords | None = None,
    cache: GrantCache | None = None,
    attempts: Attempts | None = None,
) -> AsyncIterator[Accounts]:
    """Build the parts over an open, migrated database; at the end, what is noted is written.

    passwords, cache, attempts: for tests, with a cheaper hash or another clock.
    """
    passwords, cache = passwords or Passwords(), cache or GrantCache()
    attempts = attempts or Attempts()
    secret = await asyncio.to_thread(_signing_secret, settings)
    async with Uses(database, settings) as uses:
        sessions = Sessions(database, settings, cache=cache, uses=uses)
        keys = ApiKeys(database, cache=cache, uses=uses)
        tokens = Tokens(database, settings, secret=secret, cache=cache)
        yield Accounts(
            users=Users(database, settings, passwords=passwords, attempts=attempts, cache=cache),
            groups=Groups(database, cache=cache),
            sessions=sessions,
            links=SignInLinks(database),
            keys=keys,
            tokens=tokens,
            credentials=Credentials(
                database,
                passwords=passwords,
                attempts=attempts,
                cache=cache,
                keys=keys,
                tokens=tokens,
                sessions=sessions,
            ),
            preferences=Preferences(database),
        )


def _signing_secret(settings: Settings) -> str:
    if settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value()
    return read_or_create_secret(settings.data_dir / "jwt_secret")
