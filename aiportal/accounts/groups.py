"""Groups of users, which the access of models and tools names."""

import logging
from collections.abc import Collection

import sqlite_utils

from aiportal.accounts.grants import GrantCache, require_admin
from aiportal.accounts.group_rows import (
    Group,
    add_members,
    checked_group_name,
    checked_names,
    group_named,
    group_page,
    group_with_id,
    insert_group,
    member_ids,
    names_of,
    remove_members,
    rename_group,
    user_ids,
)
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["Group", "Groups"]

MAX_PAGE = 101  # one more than a door shows, to know whether there are more
_log = logging.getLogger(__name__)


class Groups:
    """Makes, lists and changes groups: the administrators' business, but for the names of one's own.

    A change is felt by the next call of those whom it concerns; other processes take five seconds.
    """

    def __init__(self, database: Database, *, cache: GrantCache) -> None:
        self._database = database
        self._cache = cache

    async def create(
        self, principal: Principal, *, name: str, members: Collection[str] = ()
    ) -> Group:
        """Make a group of these user names.

        Raises PermissionDenied, InvalidRequest (also for a member who is no user), Conflict where the
        name is taken or there are too many groups.
        """
        require_admin(principal)
        name, named = checked_group_name(name), checked_names(members, param="members")

        def work(database: sqlite_utils.Database) -> tuple[Group, frozenset[str]]:
            ids = user_ids(database, named, param="members")
            group_id = insert_group(database, name)
            add_members(database, group_id, ids, param="members")
            return group_with_id(database, group_id), ids

        group, concerned = await self._database.write(work)
        self._cache.drop_users(concerned)
        _log.info("Group %s made by %s", group.id, principal.user_id)
        return group

    async def list(
        self, principal: Principal, *, limit: int = 20, after: str | None = None
    ) -> list[Group]:
        """The groups in the order they were made, those after the id `after`."""
        require_admin(principal)
        most = max(1, min(limit, MAX_PAGE))
        return await self._database.read(
            lambda database: group_page(database, after=after or "", limit=most)
        )

    async def get(self, principal: Principal, group_id: str) -> Group:
        """One by its id. Raises PermissionDenied, NotFound."""
        require_admin(principal)
        return await self._database.read(lambda database: group_with_id(database, group_id))

    async def by_name(self, principal: Principal, name: str) -> Group:
        """One by its name, in whatever case it is written. Raises PermissionDenied, NotFound."""
        require_admin(principal)
        return await self._database.read(lambda database: group_named(database, name))

    async def own_names(self, principal: Principal) -> tuple[str, ...]:
        """The names of the groups that the caller is in, sorted."""
        return await self._database.read(lambda database: names_of(database, principal.user_id))

    async def change(
        self,
        principal: Principal,
        group_id: str,
        *,
        name: str | None = None,
        add: Collection[str] = (),
        remove: Collection[str] = (),
    ) -> Group:
        """Rename a group (None: it keeps its name), take user names in and out.

        To add a member or to remove one who is none changes nothing. Raises PermissionDenied,
        NotFound, InvalidRequest (also for a name that no user has), Conflict for a name that is taken
        and for too many members.
        """
        require_admin(principal)
        coming, going = checked_names(add, param="add"), checked_names(remove, param="remove")
        if name is None and not coming and not going:
            raise InvalidRequest("There is nothing to change: give `name`, `add` or `remove`.")
        if both := coming.keys() & going.keys():
            words = f"{coming[min(both)][:100]!r} is to be added and removed."
            raise InvalidRequest(words, param="remove")
        if name is not None:
            checked_group_name(name)

        def work(database: sqlite_utils.Database) -> tuple[Group, frozenset[str]]:
            group_with_id(database, group_id)
            concerned = frozenset[str]()
            if name is not None:
                rename_group(database, group_id, name)
                concerned = member_ids(database, group_id)
            added = user_ids(database, coming, param="add")
            removed = user_ids(database, going, param="remove")
            remove_members(database, group_id, removed)
            add_members(database, group_id, added, param="add")
            return group_with_id(database, group_id), concerned | added | removed

        group, concerned = await self._database.write(work)
        self._cache.drop_users(concerned)
        _log.info("Group %s changed by %s", group_id, principal.user_id)
        return group

    async def delete(self, principal: Principal, group_id: str) -> None:
        """Remove a group; its members stay users. Raises PermissionDenied, NotFound."""
        require_admin(principal)

        def work(database: sqlite_utils.Database) -> frozenset[str]:
            group_with_id(database, group_id)
            concerned = member_ids(database, group_id)
            database.execute("DELETE FROM user_groups WHERE id = :id", {"id": group_id})
            return concerned

        self._cache.drop_users(await self._database.write(work))
        _log.info("Group %s removed by %s", group_id, principal.user_id)
