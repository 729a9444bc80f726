"""Files of all kinds, made by code: good ones, broken ones, and ones that mean harm."""

import io
import zipfile
import zlib

from docx import Document
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

__all__ = [
    "HOSTILE",
    "SVG_BOMB",
    "docx",
    "docx_bomb",
    "pdf",
    "picture",
    "pixel_bomb",
]

SVG_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "lol">'
    + b"".join(
        b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10 if number else b"&a;" * 10)
        for number in range(9)
    )
    + b']><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><text>&a8;</text></svg>'
)


def picture(
    file_format: str = "PNG",
    size: tuple[int, int] = (64, 48),
    *,
    mode: str = "RGB",
    **options: object,
) -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new(mode, size, (200, 30, 60, 128)[: len(mode)]).save(buffer, file_format, **options)
    return buffer.getvalue()


def pixel_bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 100,000 × 100,000 pixels."""
    data = bytearray(picture())
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def pdf(*pages: str, password: str | None = None) -> bytes:
    """A PDF with a line of text on each page."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(300, 200)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = content
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def docx(*paragraphs: str) -> bytes:
    """A DOCX with these paragraphs and a table of two cells."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text, cells[1].text = "left", "right"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def docx_bomb(mebibytes: int = 300) -> bytes:
    """A DOCX of a few hundred kilobytes whose text unpacks to that much."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(mebibytes):
            entry.write(b"a" * 1024 * 1024)
    return buffer.getvalue()


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "Hi")
    return buffer.getvalue()


# Name, content, and what the refusal says.
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("empty.txt", b"", "is empty"),
    "an empty picture": ("empty.png", b"", "is empty"),
    "a text as a picture": ("fake.png", b"no picture at all", "is not what its name says"),
    "a page as a picture": ("fake.png", b"<html><script>alert(1)</script>", "is not what its name"),
    "a PDF as a picture": ("fake.jpg", pdf("Hi"), "is not what its name says"),
    "a cut picture": ("cut.png", picture(size=(400, 400))[:-40], "is damaged"),
    "a picture with a head alone": ("head.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "is damaged"),
    "a cut photo": ("cut.webp", picture("WEBP")[:20], "is damaged"),
    "a pixel bomb": ("bomb.png", pixel_bomb(), "pixels; at most 60 million"),
    "a broken PDF": ("broken.pdf", b"%PDF-1.7\n" + b"\xff\x00rubbish" * 50, "is damaged"),
    "a PDF with a password": ("locked.pdf", pdf("Hi", password="s3cret"), "is locked"),
    "a PDF of pictures": ("scan.pdf", pdf("", ""), "holds no text"),
    "a DOCX bomb": ("bomb.docx", docx_bomb(), "unpacks to far more"),
    "a DOCX that is none": ("none.docx", _archive(), "no document that can be read"),
    "a cut DOCX": ("cut.docx", docx("Hi")[:-200], "is damaged"),
    "an archive": ("all.zip", _archive(), "is an archive"),
    "a program": ("run.txt", b"\x7fELF\x02\x01\x01" + bytes(200), "is no text"),
    "an old document": ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(50), "Save it as DOCX or PDF"),
    "blanks": ("blank.txt", b" \n\t ", "holds no text"),
}
