"""Blocks that both dialects have: text, images, documents, search results."""

from typing import Any, assert_never

from aiportal.dialects.anthropic.schema import (
    Base64Source,
    ContentSource,
    DocumentBlock,
    ImageBlock,
    SearchResultBlock,
    TextBlock,
    TextSource,
    UrlSource,
)

__all__ = ["ContentBlock", "Part", "content_of", "parts_of"]

ContentBlock = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock
Part = dict[str, Any]


def content_of(parts: list[Part]) -> str | list[Part]:
    """One plain text as a string, which every upstream takes; else the parts."""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        return str(parts[0]["text"])
    return parts


def parts_of(block: ContentBlock, *, is_anthropic: bool) -> list[Part]:
    """Chat Completions' parts for a block. is_anthropic: for one who knows `cache_control`."""
    parts = _parts(block, is_anthropic)
    if is_anthropic and block.cache_control is not None and parts:
        parts[-1]["cache_control"] = block.cache_control
    return parts


def _parts(block: ContentBlock, is_anthropic: bool) -> list[Part]:
    match block:
        case TextBlock():
            return [_text(block.text)]
        case ImageBlock():
            return [{"type": "image_url", "image_url": {"url": _url(block.source)}}]
        case DocumentBlock():
            return _document(block, is_anthropic)
        case SearchResultBlock():
            texts = [block.title, block.source, *(one.text for one in block.content)]
            return [_text("\n\n".join(texts))]
        case _:
            assert_never(block)


def _document(block: DocumentBlock, is_anthropic: bool) -> list[Part]:
    head = [text for text in (block.title, block.context) if text]
    match block.source:
        case TextSource(data=data):
            return [_text("\n\n".join([*head, data]))]
        case ContentSource(content=str(data)):
            return [_text("\n\n".join([*head, data]))]
        case ContentSource(content=blocks):
            inner = [part for one in blocks for part in _inner(one, is_anthropic)]
            return [*map(_text, head), *inner]
        case Base64Source() | UrlSource() as source:
            context = [_text(block.context)] if block.context else []
            return [*context, {"type": "file", "file": _file(source, block.title, is_anthropic)}]
        case _:
            assert_never(block.source)


def _inner(block: str | ContentBlock, is_anthropic: bool) -> list[Part]:
    return [_text(block)] if isinstance(block, str) else _parts(block, is_anthropic)


def _file(source: Base64Source | UrlSource, title: str | None, is_anthropic: bool) -> Part:
    if is_anthropic and isinstance(source, UrlSource):
        # LiteLLM's way to say it. A URL as `file_data` it would fetch itself.
        return {"file_id": source.url}
    return {"filename": title or "document.pdf", "file_data": _url(source)}


def _text(text: str) -> Part:
    return {"type": "text", "text": text}


def _url(source: Base64Source | UrlSource) -> str:
    if isinstance(source, UrlSource):
        return source.url
    return f"data:{source.media_type};base64,{source.data}"
