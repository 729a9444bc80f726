"""Fixtures: a fake provider, a model config that points at it, settings for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiportal.settings import Settings
from tests.upstreams import Upstream, write_model_config

__all__ = ["portal_config", "upstream", "wired_settings"]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A running fake provider; see `tests.upstreams`."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def portal_config(tmp_path: Path, upstream: Upstream) -> Path:
    """A model config folder with `acme/fast` and `acme/slow`, both served by `upstream`."""
    return write_model_config(tmp_path / "model_config", upstream.url)


@pytest.fixture
def wired_settings(tmp_path: Path, portal_config: Path) -> Settings:
    """Settings of a portal of its own whose models are the fake provider's.

    It writes no titles of chats: the provider's scripted answers are for a test's own questions.
    """
    return Settings(
        port=0,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        model_config_dir=portal_config,
        local_model="off",
        chat_titles="off",
    )
