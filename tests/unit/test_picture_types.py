"""Pictures told by their first bytes."""

import pytest

from aiportal.picture_types import PICTURE_HEAD_BYTES, PICTURE_MIMES, picture_mime

HEADS = {
    b"\x89PNG\r\n\x1a\n----": "image/png",
    b"\xff\xd8\xff\xe0--------": "image/jpeg",
    b"GIF89a------": "image/gif",
    b"RIFF\x00\x00\x00\x00WEBP": "image/webp",
    b"<svg xmlns=": None,
    b"RIFF\x00\x00\x00\x00WAVE": None,
    b"": None,
}


@pytest.mark.parametrize(("head", "mime"), HEADS.items())
def test_a_picture_is_told_by_its_head(head: bytes, mime: str | None) -> None:
    assert picture_mime(head[:PICTURE_HEAD_BYTES]) == mime
    assert mime is None or mime in PICTURE_MIMES
