"""aiportal.accounts.passwords"""

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from aiportal.accounts.passwords import Passwords, check_rules
from aiportal.errors import InvalidRequest, ServiceUnavailable
from tests.unit.accounts.conftest import PASSWORD


async def test_a_password_is_stored_as_argon2id_and_found_right(passwords: Passwords) -> None:
    stored = await passwords.hash(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert (await passwords.verify(stored, PASSWORD)).is_right
    assert not (await passwords.verify(stored, PASSWORD + " ")).is_right


async def test_the_same_password_is_stored_differently_each_time(passwords: Passwords) -> None:
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


def test_the_hash_costs_at_least_what_rfc_9106_asks_of_small_machines() -> None:
    hasher = Passwords()._hasher
    assert (hasher.memory_cost, hasher.time_cost, hasher.type.name) == (65536, 3, "ID")


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Ab1-567", "at least 8 characters"),
        ("tr0ub4dor&3", "an upper-case letter"),
        ("TR0UB4DOR&3", "a lower-case letter"),
        ("Troubador&!", "a digit"),
        ("Tr0ub4dor33", "a symbol"),
        ("Tr0ub4dor 33", "a symbol"),
        ("", "a digit"),
    ],
)
def test_a_weak_password_is_refused_with_what_it_lacks(password: str, missing: str) -> None:
    with pytest.raises(InvalidRequest, match=missing):
        check_rules(password)


def test_a_password_has_at_most_a_thousand_characters() -> None:
    check_rules("Aa1-" * 250)
    with pytest.raises(InvalidRequest, match="1,001 characters"):
        check_rules("Aa1-" * 250 + "x")


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check_rules("hunter2")
    assert "hunter2" not in refusal.value.message


async def test_the_same_letters_from_another_keyboard_are_the_same_password(
    passwords: Passwords,
) -> None:
    stored = await passwords.hash("Pässw0rt-1")
    assert (await passwords.verify(stored, "Pa\u0308ssw0rt-1")).is_right


async def test_an_old_hash_that_is_too_cheap_asks_to_be_renewed(passwords: Passwords) -> None:
    stored = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    assert (await passwords.verify(stored, PASSWORD)).needs_rehash
    assert not (await passwords.verify(stored, "wrong")).needs_rehash
    assert not (await passwords.verify(await passwords.hash(PASSWORD), PASSWORD)).needs_rehash


async def test_an_account_that_is_not_there_costs_a_hash_too(passwords: Passwords) -> None:
    assert not (await passwords.verify(None, PASSWORD)).is_right
    assert passwords._decoy is not None


async def test_no_password_is_right_where_none_is_stored(passwords: Passwords) -> None:
    for guess in ("", "x", "nobody's password"):
        assert not (await passwords.verify(None, guess)).is_right


async def test_a_stored_text_that_is_no_hash_is_simply_wrong(passwords: Passwords) -> None:
    assert not (await passwords.verify("", PASSWORD)).is_right
    assert not (await passwords.verify("$2b$10$of-another-kind", PASSWORD)).is_right


async def test_a_hash_that_cannot_be_computed_is_503_and_no_wrong_password(
    passwords: Passwords,
) -> None:
    without_a_round = "$argon2id$v=19$m=8,t=0,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
    with pytest.raises(ServiceUnavailable, match="could not be checked"):
        await passwords.verify(without_a_round, PASSWORD)


@given(password=st.text(st.characters(codec=None, categories=["Cs", "Cc", "Lu", "So"])))
async def test_no_text_makes_the_check_fail(password: str) -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert not (await passwords.verify(None, password)).is_right
