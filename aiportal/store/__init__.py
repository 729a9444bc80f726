"""The database: one writer with group commit, readers apart, numbered migrations."""

from aiportal.store.database import Database
from aiportal.store.migrations import MigrationStatus, migrate, rollback

__all__ = ["Database", "MigrationStatus", "migrate", "rollback"]
