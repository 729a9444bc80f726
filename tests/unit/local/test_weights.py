from pathlib import Path

import pytest

from aiportal.errors import ConfigError
from aiportal.local.weights import (
    HubFile,
    OwnFile,
    Receipt,
    Source,
    WebFile,
    Weights,
    WheelMember,
    cached_file,
    check_gguf,
    parse_source,
    weights_path,
)

WEB = Weights("https://weights.example/tiny.gguf")


@pytest.mark.parametrize(
    ("source", "meaning"),
    [
        ("hf:some/repo-GGUF/tiny.gguf", HubFile("some/repo-GGUF", "main", "tiny.gguf")),
        ("hf:some/repo@abc123/sub/tiny.gguf", HubFile("some/repo", "abc123", "sub/tiny.gguf")),
        ("https://weights.example/tiny.gguf", WebFile("https://weights.example/tiny.gguf")),
        ("http://127.0.0.1:8080/tiny.gguf", WebFile("http://127.0.0.1:8080/tiny.gguf")),
        ("pypi:some-package==1.2", WheelMember("some-package", "1.2", None)),
        ("path:/models/mine.gguf", OwnFile(Path("/models/mine.gguf"))),
    ],
)
def test_every_form_of_a_source_is_understood(source: str, meaning: Source) -> None:
    assert parse_source(Weights(source)) == meaning


@pytest.mark.parametrize(
    "source",
    [
        "hf:repo-without-owner",
        "hf:some/repo/../../../etc/passwd",
        "hf:../repo/tiny.gguf",
        "hf:some/repo@v1/a//b.gguf",
        "http://weights.example/tiny.gguf",
        "ftp://weights.example/tiny.gguf",
        "https:///tiny.gguf",
        "pypi:some-package",
        "pypi:--index-url==1",
        "path:relative/mine.gguf",
        "tiny.gguf",
    ],
)
def test_another_source_is_refused_with_the_forms_that_are_allowed(source: str) -> None:
    with pytest.raises(ConfigError, match="pypi:PACKAGE==VERSION"):
        parse_source(Weights(source))


def test_a_revision_is_part_of_the_address_on_the_hub() -> None:
    file = HubFile("some/repo", "abc123", "tiny.gguf")
    assert file.url("https://mirror") == "https://mirror/some/repo/resolve/abc123/tiny.gguf"


@pytest.mark.parametrize("url", ["https://a.example/..%2f..%2fevil", "https://a.example/"])
def test_the_name_in_a_url_cannot_lead_out_of_the_cache(url: str, tmp_path: Path) -> None:
    path = cached_file(WebFile(url), tmp_path)
    assert path.resolve().is_relative_to(tmp_path / "weights" / "url")
    assert path.name not in {"", ".", ".."}


def test_weights_that_were_never_fetched_are_not_there(tmp_path: Path) -> None:
    assert weights_path(WEB, tmp_path) is None
    assert weights_path(Weights("nonsense"), tmp_path) is None


def test_weights_with_a_receipt_that_fits_are_there(tmp_path: Path) -> None:
    path = _fetched(tmp_path)
    assert weights_path(WEB, tmp_path) == path
    assert weights_path(Weights(WEB.source, sha256="a" * 64), tmp_path) == path


def test_weights_of_another_sum_than_the_config_wants_are_not_there(tmp_path: Path) -> None:
    _fetched(tmp_path)
    assert weights_path(Weights(WEB.source, sha256="b" * 64), tmp_path) is None


def test_weights_that_were_cut_short_are_not_there(tmp_path: Path) -> None:
    path = _fetched(tmp_path)
    path.write_bytes(b"GGUF")
    assert weights_path(WEB, tmp_path) is None


def test_a_file_without_a_receipt_is_not_there(tmp_path: Path) -> None:
    path = _fetched(tmp_path)
    path.with_name("tiny.gguf.json").write_text("{")
    assert weights_path(WEB, tmp_path) is None


def test_a_file_of_ones_own_needs_nothing_but_to_be_a_gguf(tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    weights = Weights(f"path:{own}")
    assert weights_path(weights, tmp_path) is None
    own.write_bytes(b"PK\3\4 something else")
    assert weights_path(weights, tmp_path) is None
    own.write_bytes(b"GGUF and more")
    assert weights_path(weights, tmp_path) == own


def test_a_file_that_is_no_gguf_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"mine\.gguf' is not a GGUF"):
        check_gguf(tmp_path / "mine.gguf")
    with pytest.raises(ConfigError, match="cannot be read"):
        check_gguf(tmp_path / "nowhere.gguf")


def _fetched(cache_dir: Path) -> Path:
    path = cached_file(parse_source(WEB), cache_dir)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF of ten bytes")
    Receipt(WEB.source, "a" * 64, path.stat().st_size).write(path)
    return path
