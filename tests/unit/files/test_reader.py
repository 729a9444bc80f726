"""Files of people are read in a process of its own: what is good of them is kept, the rest refused."""

import asyncio
import io
import random
from pathlib import Path

import pytest
from PIL import Image

from aiportal.errors import InvalidRequest
from aiportal.files import FileFacts
from aiportal.files.pictures import MAX_PNG_BYTES
from aiportal.files.reader import FileReader
from tests.unit.files.samples import HOSTILE, SVG_BOMB, docx, pdf, picture


async def _read(folder: Path, name: str, data: bytes) -> FileFacts:
    (folder / "source").write_bytes(data)
    return await FileReader().read(folder / "source", folder, name=name, owner_id="ann")


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, what: str) -> None:
    name, data, words = HOSTILE[what]

    with pytest.raises(InvalidRequest, match=words) as refused:
        await _read(tmp_path, name, data)

    assert refused.value.message.startswith(f"The file {name!r} ")
    assert refused.value.code == "file_refused"
    assert len(refused.value.message) < 250


@pytest.mark.parametrize(
    ("name", "data", "text", "media_type"),
    [
        ("a.txt", b"Hi \xc3\xa4\r\n", "Hi ä\n", "text/plain"),
        ("a.csv", "a;ä".encode("cp1252"), "a;ä", "text/csv"),
        ("a.json", '{"ä": 1}'.encode("utf-16"), '{"ä": 1}', "application/json"),
        ("a.py", b"\xef\xbb\xbfprint(1)", "print(1)", "text/plain"),
        ("bomb.svg", SVG_BOMB, SVG_BOMB.decode(), "text/plain"),
        ("a.pdf", pdf("First page", "Second page"), "First page\n\nSecond page", "application/pdf"),
    ],
)
async def test_texts_are_kept(
    tmp_path: Path, name: str, data: bytes, text: str, media_type: str
) -> None:
    facts = await _read(tmp_path, name, data)

    assert facts == FileFacts("text", media_type, characters=len(text))
    assert (tmp_path / "text").read_bytes().decode() == text


async def test_a_document_keeps_its_tables(tmp_path: Path) -> None:
    await _read(tmp_path, "a.docx", docx("Hello", "World"))

    assert (tmp_path / "text").read_text() == "Hello\nWorld\nleft | right"


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_every_format_of_pictures_is_written_anew(tmp_path: Path, file_format: str) -> None:
    facts = await _read(tmp_path, f"a.{file_format.lower()}", picture(file_format))

    assert (facts.kind, facts.width, facts.height) == ("image", 64, 48)
    assert facts.media_type == ("image/jpeg" if file_format == "JPEG" else "image/png")
    for name in ("content", "preview"):
        with Image.open(tmp_path / name) as kept:
            assert kept.size == (64, 48)


async def test_a_photo_is_made_smaller_turned_upright_and_says_nothing_of_its_place(
    tmp_path: Path,
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "at home"

    facts = await _read(tmp_path, "a.jpg", picture("JPEG", (4000, 3000), exif=exif))

    assert (facts.width, facts.height) == (1536, 2048)
    content = (tmp_path / "content").read_bytes()
    assert b"at home" not in content
    with Image.open(io.BytesIO(content)) as kept:
        assert not kept.getexif()
    with Image.open(tmp_path / "preview") as small:
        assert max(small.size) == 320


async def test_what_is_see_through_stays_so(tmp_path: Path) -> None:
    await _read(tmp_path, "a.png", picture(mode="RGBA"))

    with Image.open(tmp_path / "content") as kept:
        assert kept.mode == "RGBA"


async def test_what_is_see_through_and_large_is_made_smaller(tmp_path: Path) -> None:
    noise = Image.frombytes("RGBA", (1200, 1200), random.Random(1).randbytes(1200 * 1200 * 4))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG", compress_level=0)
    facts = await _read(tmp_path, "a.png", buffer.getvalue())

    assert (tmp_path / "content").stat().st_size <= MAX_PNG_BYTES
    with Image.open(tmp_path / "content") as kept:
        assert (kept.mode, kept.size) == ("RGBA", (facts.width, facts.height))


async def test_reading_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(pdf(*["Many words " * 200] * 900))
    reader = FileReader(max_seconds=1)

    with pytest.raises(InvalidRequest, match=r"longer than 1 s"):
        await reader.read(tmp_path / "source", tmp_path, name="a.pdf", owner_id="ann")


async def test_one_owner_keeps_nobody_waiting(tmp_path: Path) -> None:
    reader = FileReader()

    async def read(number: int, owner_id: str) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "source").write_text("word")
        await reader.read(folder / "source", folder, name="a.txt", owner_id=owner_id)
        return owner_id

    tasks = [asyncio.create_task(read(number, "ann")) for number in range(10)]
    tasks.append(asyncio.create_task(read(10, "ben")))
    ended = [await task for task in asyncio.as_completed(tasks)]
    assert "ben" in ended[:6]
