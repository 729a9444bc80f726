"""Custom models that people make over the API: a file each, an owner, shared or not."""

import asyncio
import itertools
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiportal.errors import (
    Conflict,
    InvalidRequest,
    ModelNotFound,
    ModelUnavailable,
    NotFound,
    PermissionDenied,
)
from aiportal.principal import Principal
from aiportal.registry.files import MAX_FILES
from aiportal.registry.models import Model
from aiportal.registry.schema import CustomDraft, ModelFile
from aiportal.registry.table import ModelTable
from aiportal.registry.writing import remove_model, write_model

__all__ = ["CustomModel", "CustomModels"]

MAX_PER_USER = 200
MAX_IN_ALL = MAX_FILES // 2  # so that the models of providers always find room
FOLDER = Path("models", "custom")
PREFIX = "custom/"
MAX_SLUG_CHARS = 60

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CustomModel:
    """What a custom model's file says. owner: the id of a user, None for one that all have."""

    id: str
    name: str
    description: str
    base_model: str
    system_prompt: str
    parameters: dict[str, Any]
    tools: tuple[str, ...]
    web_search: bool
    owner: str | None
    shared: bool


class CustomModels:
    """Reads from the registry's table, writes files, and has the registry read them again."""

    def __init__(
        self,
        folder: Path,
        *,
        table: Callable[[], ModelTable],
        resolve: Callable[[Principal, str], Model],
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._folder = folder
        self._table = table
        self._resolve = resolve
        self._refresh = refresh
        self._writing = asyncio.Lock()

    async def list(
        self, principal: Principal, *, limit: int | None = None, after: str | None = None
    ) -> Sequence[CustomModel]:
        """Those of the caller, and those that others share with them, by id.

        limit: how many at most, None for all. after: the id to go on from.
        """
        customs = sorted(self._table().customs.items())
        visible = [
            _custom(entry)
            for model_id, (_, entry) in customs
            if (after is None or model_id > after) and self._is_visible(principal, entry)
        ]
        return visible[:limit]

    async def get(self, principal: Principal, model_id: str) -> CustomModel:
        """One of them. Raises NotFound."""
        return _custom(self._visible(principal, model_id)[1])

    async def create(self, principal: Principal, draft: CustomDraft) -> CustomModel:
        """Make one that belongs to the caller; it is in service when this returns.

        Raises Conflict for an id that there is, InvalidRequest for a base that the caller may not
        use, PermissionDenied where the caller's key excludes either.
        """
        async with self._writing:
            model_id = draft.id or self._free_id(draft.name)
            _require_key(principal, model_id)
            self._check_base(principal, draft.base_model)
            self._check_room(principal)
            if self._is_taken(model_id):
                raise Conflict(
                    f"There is a model {model_id!r} already. Choose another id.", param="id"
                )
            content = {"id": model_id, **_content(draft), "owner": principal.user_id}
            path = self._folder / FOLDER / f"{model_id.removeprefix(PREFIX)}.json"
            await self._write(path, content, is_new=True)
        _log.info("Custom model %s made by %s", model_id, principal.user_id)
        return _custom(ModelFile.model_validate(content))

    async def replace(self, principal: Principal, model_id: str, draft: CustomDraft) -> CustomModel:
        """Put the draft in its place; owner and what only its file can say stay.

        Raises NotFound, PermissionDenied for another's, InvalidRequest as `create` does.
        """
        async with self._writing:
            file, entry = self._changeable(principal, model_id)
            if draft.id not in (None, entry.id):
                raise InvalidRequest("The id of a model cannot be changed.", param="id")
            if draft.base_model != entry.base_model:
                self._check_base(principal, draft.base_model)
            stays = entry.model_dump(mode="json", by_alias=True, exclude_unset=True)
            content = {**stays, **_content(draft)}
            await self._write(self._folder / file, content, is_new=False)
        _log.info("Custom model %s changed by %s", entry.id, principal.user_id)
        return _custom(ModelFile.model_validate(content))

    async def delete(self, principal: Principal, model_id: str) -> str:
        """Remove it, file and all; its whole id. Raises NotFound, PermissionDenied for another's."""
        async with self._writing:
            file, entry = self._changeable(principal, model_id)
            await asyncio.to_thread(remove_model, self._folder / file)
            await self._refresh()
        _log.info("Custom model %s removed by %s", entry.id, principal.user_id)
        return entry.id

    async def _write(self, path: Path, content: dict[str, Any], *, is_new: bool) -> None:
        await asyncio.to_thread(write_model, path, content, is_new=is_new)
        await self._refresh()

    def _visible(self, principal: Principal, model_id: str) -> tuple[str, ModelFile]:
        customs = self._table().customs
        found = customs.get(model_id) or customs.get(PREFIX + model_id)
        if found is None or not self._is_visible(principal, found[1]):
            raise NotFound(
                "There is no such custom model. GET /v1/custom-models lists those that you may see."
            )
        return found

    def _changeable(self, principal: Principal, model_id: str) -> tuple[str, ModelFile]:
        file, entry = self._visible(principal, model_id)
        if not (principal.is_admin or entry.owner == principal.user_id):
            raise PermissionDenied(
                f"The custom model {entry.id!r} is not yours: its owner or an administrator may"
                " change it. Make one of your own."
            )
        return file, entry

    def _is_visible(self, principal: Principal, entry: ModelFile) -> bool:
        """One's own also while it cannot serve; another's only where it could be used."""
        if not principal.may_use(entry.id):
            return False
        if principal.is_admin or entry.owner == principal.user_id:
            return True
        table = self._table()
        model = table.models.get(entry.id)
        return model is not None and table.admits(principal, model)

    def _check_base(self, principal: Principal, base_model: str) -> None:
        try:
            base = self._resolve(principal, base_model)
        except (ModelNotFound, ModelUnavailable) as error:
            raise InvalidRequest(error.message, param="baseModel") from error
        if base.base_model is not None:
            raise InvalidRequest(
                f"{base_model!r} is itself a custom model. Build on {base.base_model!r}.",
                param="baseModel",
            )

    def _check_room(self, principal: Principal) -> None:
        customs = self._table().customs.values()
        own = sum(entry.owner == principal.user_id for _, entry in customs)
        if own >= MAX_PER_USER or len(customs) >= MAX_IN_ALL:
            words = f"You have {own} custom models; the portal takes {MAX_PER_USER} of a user"
            raise Conflict(f"{words} and {MAX_IN_ALL} in all. Delete one first.")

    def _is_taken(self, model_id: str) -> bool:
        table = self._table()
        return model_id in table.models or model_id in table.customs

    def _free_id(self, name: str | None) -> str:
        """An id made of the name, with a number behind it if need be."""
        slug = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")[:MAX_SLUG_CHARS]
        if name is None:
            raise InvalidRequest("A custom model needs an `id` or a `name`.", param="name")
        first = PREFIX + (slug.strip("-") or "model")
        others = (f"{first}-{number}" for number in itertools.count(2))
        return next(
            one for one in (first, *itertools.islice(others, MAX_IN_ALL)) if not self._is_taken(one)
        )


def _require_key(principal: Principal, model_id: str) -> None:
    if not principal.may_use(model_id):
        raise PermissionDenied(f"This API key is not for the model {model_id!r}.", param="id")


def _content(draft: CustomDraft) -> dict[str, Any]:
    """As it stands in the file, but for id and owner."""
    content = draft.model_dump(mode="json", by_alias=True, exclude={"id"})
    if content["name"] is None:
        del content["name"]
    return content


def _custom(entry: ModelFile) -> CustomModel:
    return CustomModel(
        id=entry.id,
        name=entry.name or entry.id.split("/", 1)[1],
        description=entry.description,
        base_model=entry.base_model or "",
        system_prompt=entry.system_prompt,
        parameters=entry.parameters,
        tools=entry.tools,
        web_search=entry.web_search,
        owner=entry.owner,
        shared=entry.is_shared,
    )
