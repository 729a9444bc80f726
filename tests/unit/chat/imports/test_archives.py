"""ZIP archives, also those that mean no good."""

import io
import zipfile
from pathlib import Path

import pytest

from aiportal.chat.imports import archives
from aiportal.chat.imports.archives import archive_items, is_archive
from aiportal.errors import InvalidRequest
from tests.unit.chat.imports.files import zip_of


def raws(data: bytes) -> list[bytes | None]:
    return [item.raw for item in archive_items(data)]


def test_the_items_of_every_entry_of_json_come_whatever_its_name() -> None:
    data = zip_of(
        {
            "chat.html": b"<html>[1]</html>",
            "conversations.json": b"[1, 2]",
            "folder/other": b' {"a": 3}',
            "empty.json": b"",
            "photo.png": b"\x89PNG[",
        }
    )

    assert is_archive(data)
    assert raws(data) == [b"1", b"2", b'{"a": 3}']


def test_a_name_that_leads_elsewhere_leads_nowhere(tmp_path: Path) -> None:
    names = ("../../evil.json", "/etc/evil.json", "C:\\evil.json", "..\\..\\evil.json", "a/../b")
    data = zip_of(dict.fromkeys(names, b"[1]"))

    assert raws(data) == [b"1"] * len(names)
    assert list(tmp_path.rglob("*evil*")) == []


def test_what_unpacks_to_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 3_000_000)
    data = zip_of(
        {"a.json": b"[1]", "bomb.json": b"[" + b" " * 50_000_000 + b"7]", "c.json": b"[2]"}
    )

    first, last = archive_items(data)

    assert first.raw == b"1"
    assert "unpacks to more than 3,000,000 bytes" in last.problem


def test_an_entry_that_lies_about_its_size_is_counted_all_the_same() -> None:
    data = zip_of({"a.json": b"[" + b" " * 10_000 + b"1]"})
    lie = data.replace((10_003).to_bytes(4, "little"), (5).to_bytes(4, "little"))

    items = list(archive_items(lie))

    assert all(item.raw is None for item in items)


@pytest.mark.parametrize("cut", [10, 30, 60])
def test_a_damaged_archive_is_refused(cut: int) -> None:
    with pytest.raises(InvalidRequest, match="damaged"):
        list(archive_items(zip_of({"a.json": b"[1]"})[:-cut]))


def test_a_damaged_entry_costs_itself_alone() -> None:
    data = bytearray(
        zip_of({"a.json": b'["' + bytes(range(32, 92)) * 50 + b'"]', "b.json": b"[2]"})
    )
    data[60] ^= 0xFF

    *before, last = archive_items(bytes(data))

    assert last.raw == b"2"
    assert any("damaged" in item.problem for item in before)


def test_an_entry_with_a_password_or_a_rare_method_is_passed_by() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.json", b"[1]", compress_type=zipfile.ZIP_LZMA)
        archive.writestr("b.json", b"[2]")
    data = bytearray(target.getvalue())
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.rindex(mark) + place] |= 1

    assert raws(bytes(data)) == []


def test_an_archive_of_very_many_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)

    with pytest.raises(InvalidRequest, match="more than 3 entries"):
        list(archive_items(zip_of({str(number): b"" for number in range(4)})))


def test_an_archive_in_an_archive_is_not_opened() -> None:
    assert raws(zip_of({"inner.zip": zip_of({"a.json": b"[1]"})})) == []
