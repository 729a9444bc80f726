from pathlib import Path

import pytest

from aiportal.errors import ModelUnavailable
from aiportal.local import LocalModels, LocalModelStatus, Weights

ABSENT = Weights("https://weights.example/tiny.gguf")


def _models(cache_dir: Path, *, is_enabled: bool = True) -> LocalModels:
    return LocalModels(cache_dir=cache_dir, idle_s=60, parallel=1, is_enabled=is_enabled)


async def _lease(models: LocalModels, weights: Weights) -> None:
    async with models.lease("local/tiny", weights, context_window=None):
        pass


async def test_switched_off_says_so(tmp_path: Path) -> None:
    async with _models(tmp_path, is_enabled=False) as models:
        with pytest.raises(ModelUnavailable, match="AIPORTAL_LOCAL_MODEL=off"):
            await _lease(models, ABSENT)


async def test_weights_that_are_not_here_are_to_be_pulled(tmp_path: Path) -> None:
    async with _models(tmp_path) as models:
        with pytest.raises(ModelUnavailable, match="Run: aiportal models pull local/tiny"):
            await _lease(models, ABSENT)
        assert models.status() == []
        status = await models.status_of("local/tiny", ABSENT)
        assert status == LocalModelStatus("local/tiny", "absent")


async def test_callers_are_not_told_paths_but_the_log_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with _models(tmp_path) as models:
        with pytest.raises(ModelUnavailable, match="cannot be used") as caught:
            await _lease(models, Weights("path:/nowhere.gguf"))
    assert "nowhere" not in caught.value.message
    assert "'/nowhere.gguf' cannot be read" in caplog.text


async def test_a_model_larger_than_the_memory_is_not_loaded(tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    own.write_bytes(b"GGUF")
    async with _models(tmp_path) as models:
        with pytest.raises(ModelUnavailable, match="choose a smaller model"):
            await _lease(models, Weights(f"path:{own}", memory_bytes=10**15))


async def test_a_file_that_cannot_be_loaded_leaves_nothing_behind(tmp_path: Path) -> None:
    own = tmp_path / "damaged.gguf"
    own.write_bytes(b"GGUF\x03\0\0\0" + b"x" * 1_000)
    async with _models(tmp_path) as models:
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match="could not be loaded"):
                await _lease(models, Weights(f"path:{own}"))
        assert models.status() == []
