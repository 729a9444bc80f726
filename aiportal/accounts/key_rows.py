"""What an API key is, the rules for its fields, and its row in the database.

The functions that take a database run inside a read or a write of the store.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlite_utils

from aiportal.errors import AuthenticationFailed, InvalidRequest, NotFound, PermissionDenied
from aiportal.principal import Principal
from aiportal.timestamps import from_text, to_text

__all__ = [
    "ApiKey",
    "check_reach",
    "checked_expiry",
    "checked_key_name",
    "checked_models",
    "find_key",
    "key_from_row",
    "models_from_text",
]

MAX_MODELS = 100
_MODEL_ID = re.compile(r"[A-Za-z0-9._:/@-]{1,100}")
_MAX_NAME_CHARS = 100
_SELECT = """
    SELECT k.*, u.username FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.id = :id AND k.revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. hint: its last four characters. models: None allows any."""

    id: str
    name: str
    hint: str
    user_id: str
    username: str
    models: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def key_from_row(row: Mapping[str, Any]) -> ApiKey:
    """A row of `api_keys` with the `username` of its owner."""
    models = models_from_text(row["models"])
    return ApiKey(
        id=row["id"],
        name=row["name"],
        hint=row["hint"],
        user_id=row["user_id"],
        username=row["username"],
        models=None if models is None else tuple(sorted(models)),
        created_at=from_text(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
        last_used_at=_moment(row["last_used_at"]),
    )


def models_from_text(text: str | None) -> frozenset[str] | None:
    """The allowlist as the column holds it, None for any model."""
    return None if text is None else frozenset(json.loads(text))


def checked_key_name(name: str) -> str:
    """Raises InvalidRequest unless it is 1 to 100 printable characters."""
    name = name.strip()
    if not 0 < len(name) <= _MAX_NAME_CHARS or not name.isprintable():
        raise InvalidRequest(
            f"A key's name is 1 to {_MAX_NAME_CHARS} printable characters.", param="name"
        )
    return name


def checked_models(models: Sequence[str] | None) -> str | None:
    """The allowlist as the column holds it. Raises InvalidRequest for an empty or malformed one."""
    if models is None:
        return None
    if not 0 < len(models) <= MAX_MODELS:
        raise InvalidRequest(
            f"`models` names 1 to {MAX_MODELS} models; leave it out to allow all.", param="models"
        )
    for model in models:
        if not _MODEL_ID.fullmatch(model):
            raise InvalidRequest(f"{model[:100]!r} cannot be a model's id.", param="models")
    return json.dumps(sorted(set(models)))


def checked_expiry(expires_at: datetime | None) -> str | None:
    """The moment as the column holds it. Raises InvalidRequest for one that has passed."""
    if expires_at is None:
        return None
    text = to_text(expires_at)
    if expires_at <= datetime.now(UTC):
        raise InvalidRequest(f"`expires_at` ({text}) has passed already.", param="expires_at")
    return text


def find_key(
    database: sqlite_utils.Database, principal: Principal, key_id: str, *, any_owner: bool
) -> dict[str, Any]:
    """The row of a key that is not revoked. Raises NotFound, also for another's."""
    rows = list(database.query(_SELECT, {"id": key_id}))
    if not rows or not (any_owner or rows[0]["user_id"] == principal.user_id):
        raise NotFound("There is no such API key. It may have been revoked.")
    return rows[0]


def check_reach(
    database: sqlite_utils.Database,
    principal: Principal,
    *,
    models: str | None,
    expires_at: str | None,
) -> None:
    """Raises PermissionDenied where a key would make another that may do more than it may itself.

    models, expires_at: of the key to be made or changed, as the columns hold them.
    """
    if principal.key_id is None:
        return
    rows = list(database.query(_SELECT, {"id": principal.key_id}))
    if not rows:
        raise AuthenticationFailed("The API key has been revoked.")
    own_models, new_models = models_from_text(rows[0]["models"]), models_from_text(models)
    if own_models is not None and (new_models is None or not new_models <= own_models):
        raise PermissionDenied(
            "This API key is limited to certain models and cannot give access to others. Sign in."
        )
    own_expiry = rows[0]["expires_at"]
    if own_expiry is not None and (expires_at is None or expires_at > own_expiry):
        raise PermissionDenied(
            f"This API key ends at {own_expiry} and cannot make one that outlives it. Sign in."
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
