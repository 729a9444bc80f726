"""aiportal.accounts.preferences"""

from typing import Any

import pytest

from aiportal.accounts import Accounts
from aiportal.accounts.preferences import MAX_PREFERENCES_BYTES
from aiportal.errors import InvalidRequest, RequestTooLarge
from aiportal.principal import Principal


async def test_preferences_are_empty_until_some_are_stored(
    accounts: Accounts, as_ann: Principal
) -> None:
    assert await accounts.preferences.get(as_ann) == {}
    await accounts.preferences.replace(as_ann, {"theme": "dark", "zoom": 0})
    assert await accounts.preferences.get(as_ann) == {"theme": "dark", "zoom": 0}


async def test_new_preferences_take_the_place_of_all_before(
    accounts: Accounts, as_ann: Principal
) -> None:
    await accounts.preferences.replace(as_ann, {"theme": "dark"})
    await accounts.preferences.replace(as_ann, {"language": "ü"})
    assert await accounts.preferences.get(as_ann) == {"language": "ü"}


async def test_each_user_has_their_own(
    accounts: Accounts, as_ann: Principal, operator: Principal
) -> None:
    await accounts.preferences.replace(as_ann, {"theme": "dark"})
    assert await accounts.preferences.get(operator) == {}


async def test_64_kib_are_kept_and_a_byte_more_is_refused(
    accounts: Accounts, as_ann: Principal
) -> None:
    most = {"a": "x" * (MAX_PREFERENCES_BYTES - len('{"a":""}'))}
    await accounts.preferences.replace(as_ann, most)
    with pytest.raises(RequestTooLarge, match="65536"):
        await accounts.preferences.replace(as_ann, {"a": most["a"] + "x"})
    assert await accounts.preferences.get(as_ann) == most


async def test_what_is_nested_too_deeply_is_refused(accounts: Accounts, as_ann: Principal) -> None:
    deep: dict[str, Any] = {}
    for _ in range(1000):
        deep = {"a": deep}
    with pytest.raises(InvalidRequest, match="levels deep"):
        await accounts.preferences.replace(as_ann, deep)
