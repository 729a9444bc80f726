"""Who may call: users, their groups and passwords, sessions, one-time links, API keys and tokens."""

from aiportal.accounts.assembly import Accounts, open_accounts
from aiportal.accounts.changes import KEEP, Keep
from aiportal.accounts.credentials import Credentials
from aiportal.accounts.groups import Group, Groups
from aiportal.accounts.keys import ApiKey, ApiKeys
from aiportal.accounts.links import SignInLinks
from aiportal.accounts.preferences import Preferences
from aiportal.accounts.sessions import COOKIE_NAME, Session, Sessions
from aiportal.accounts.tokens import TokenPair, Tokens
from aiportal.accounts.user_settings import Density, SendKey, Theme, UserSettings
from aiportal.accounts.users import User, Users

__all__ = [
    "COOKIE_NAME",
    "KEEP",
    "Accounts",
    "ApiKey",
    "ApiKeys",
    "Credentials",
    "Density",
    "Group",
    "Groups",
    "Keep",
    "Preferences",
    "SendKey",
    "Session",
    "Sessions",
    "SignInLinks",
    "Theme",
    "TokenPair",
    "Tokens",
    "User",
    "UserSettings",
    "Users",
    "open_accounts",
]
