"""Fixtures: accounts over a real database, with a cheap hash and clocks that a test turns."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from argon2 import PasswordHasher

from aiportal.accounts import Accounts, User, open_accounts
from aiportal.accounts.attempts import Attempts
from aiportal.accounts.grants import GrantCache
from aiportal.accounts.passwords import Passwords
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database

PASSWORD = "Tr0ub4dor&3"


@dataclass
class Clock:
    """Seconds that pass only when a test says so."""

    now_s: float = field(default=1000.0)

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def accounts(
    database: Database, settings: Settings, passwords: Passwords, clock: Clock
) -> AsyncIterator[Accounts]:
    async with open_accounts(
        database,
        settings,
        passwords=passwords,
        cache=GrantCache(clock),
        attempts=Attempts(clock),
    ) as accounts:
        await accounts.users.ensure_admin()
        yield accounts


@pytest.fixture
async def other_process(
    database: Database, settings: Settings, passwords: Passwords, accounts: Accounts
) -> AsyncIterator[Accounts]:
    """The same data folder as another process sees it: nothing shared but the database."""
    async with open_accounts(database, settings, passwords=passwords) as accounts:
        yield accounts


@pytest.fixture
async def operator(accounts: Accounts) -> Principal:
    return await accounts.users.operator()


@pytest.fixture
async def ann(accounts: Accounts, operator: Principal) -> User:
    return await accounts.users.create(
        operator, username="Ann", password=PASSWORD, email="Ann@Example.org"
    )


@pytest.fixture
def as_ann(ann: User) -> Principal:
    return Principal(user_id=ann.id, username=ann.username, role=ann.role)
