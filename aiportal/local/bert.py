"""A BERT that makes embeddings, from safetensors to the GGUF that the embedded engine reads.

Formats: safetensors (a length, a JSON header, the tensors) and GGUF version 3 (metadata, a table of
tensors, the tensors, each aligned to 32 bytes). The numbers stay as they are, so nothing but the
standard library is needed, and the same file always comes of the same weights.
"""

import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

__all__ = ["BertFiles", "write_gguf"]

ALIGNMENT = 32
MAX_HEADER_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 8 * 1024 * 1024
# GGUF's numbers for types of values, of a tensor's elements, of a token, and of pooling.
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32_TENSOR = 0
NORMAL_TOKEN, CONTROL_TOKEN = 1, 3
MEAN_POOLING, CLS_POOLING = 1, 2
WORD_START = "\u2581"

_NAMES = (
    ("embeddings.word_embeddings", "token_embd"),
    ("embeddings.position_embeddings", "position_embd"),
    ("embeddings.token_type_embeddings", "token_types"),
    ("embeddings.LayerNorm", "token_embd_norm"),
    ("encoder.layer.", "blk."),
    ("attention.self.query", "attn_q"),
    ("attention.self.key", "attn_k"),
    ("attention.self.value", "attn_v"),
    ("attention.output.dense", "attn_output"),
    ("attention.output.LayerNorm", "attn_output_norm"),
    ("intermediate.dense", "ffn_up"),
    ("output.dense", "ffn_down"),
    ("output.LayerNorm", "layer_output_norm"),
)
_CONTROL = re.compile(r"\[(?:PAD|UNK|CLS|SEP|MASK|unused\d+)\]")


@dataclass(frozen=True, slots=True)
class BertFiles:
    """What lies beside the weights: config.json, vocab.txt's lines, and how vectors are pooled."""

    config: Mapping[str, Any]
    vocabulary: Sequence[str]
    has_cls_pooling: bool = False


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    shape: Sequence[int]
    size: int
    is_wanted: bool


def write_gguf(weights: IO[bytes], files: BertFiles, out: IO[bytes]) -> None:
    """Read safetensors, write a GGUF. Blocks. Raises ValueError for what is no such BERT."""
    try:
        tensors = _tensors(weights)
        wanted = [tensor for tensor in tensors if tensor.is_wanted]
        metadata = _metadata(files)
        head = b"GGUF" + struct.pack("<IQQ", 3, len(wanted), len(metadata))
        head += b"".join(_text(key) + value for key, value in metadata.items())
        head += _table(wanted)
    except (KeyError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(f"it is no BERT: {error!r}") from error
    out.write(head + bytes(-len(head) % ALIGNMENT))
    for tensor in tensors:
        _copy(weights, tensor, out)


def _tensors(weights: IO[bytes]) -> list[_Tensor]:
    """In the order of their bytes, which have no gaps between them."""
    (length,) = struct.unpack("<Q", weights.read(8))
    if length > MAX_HEADER_BYTES:
        raise ValueError("its header is too long")
    header = json.loads(weights.read(length))
    header.pop("__metadata__", None)
    entries = sorted(header.items(), key=lambda entry: entry[1]["data_offsets"])
    found, end = [], 0
    for full_name, entry in entries:
        name = full_name.removeprefix("bert.")
        begin, next_end = entry["data_offsets"]
        if begin != end:
            raise ValueError("there are gaps between its tensors")
        is_wanted = not name.startswith("pooler.") and not name.endswith("position_ids")
        if is_wanted and entry["dtype"] != "F32":
            raise ValueError(f"{name} is {entry['dtype']}, not F32")
        found.append(_Tensor(_name(name), entry["shape"], next_end - begin, is_wanted))
        end = next_end
    return found


def _name(name: str) -> str:
    for theirs, ours in _NAMES:
        name = name.replace(theirs, ours)
    return name


def _table(tensors: Sequence[_Tensor]) -> bytes:
    table, offset = bytearray(), 0
    for tensor in tensors:
        table += _text(tensor.name) + struct.pack("<I", len(tensor.shape))
        table += struct.pack(f"<{len(tensor.shape)}Q", *reversed(tensor.shape))
        table += struct.pack("<IQ", F32_TENSOR, offset)
        offset += tensor.size + -tensor.size % ALIGNMENT
    return bytes(table)


def _copy(weights: IO[bytes], tensor: _Tensor, out: IO[bytes]) -> None:
    left = tensor.size
    while left:
        piece = weights.read(min(left, CHUNK_BYTES))
        if not piece:
            raise ValueError("it ends too early")
        left -= len(piece)
        if tensor.is_wanted:
            out.write(piece)
    if tensor.is_wanted:
        out.write(bytes(-tensor.size % ALIGNMENT))


def _metadata(files: BertFiles) -> dict[str, bytes]:
    config, tokens = files.config, files.vocabulary
    if config["model_type"] != "bert" or config.get("hidden_act") != "gelu":
        raise ValueError("its `model_type` or `hidden_act` is another")
    number = {token: index for index, token in enumerate(tokens)}
    pooling = CLS_POOLING if files.has_cls_pooling else MEAN_POOLING
    return {
        "general.architecture": _string("bert"),
        "bert.block_count": _uint(config["num_hidden_layers"]),
        "bert.context_length": _uint(config["max_position_embeddings"]),
        "bert.embedding_length": _uint(config["hidden_size"]),
        "bert.feed_forward_length": _uint(config["intermediate_size"]),
        "bert.attention.head_count": _uint(config["num_attention_heads"]),
        "bert.attention.layer_norm_epsilon": struct.pack("<If", FLOAT32, config["layer_norm_eps"]),
        "bert.attention.causal": struct.pack("<I?", BOOL, False),
        "bert.pooling_type": _uint(pooling),
        "tokenizer.ggml.model": _string("bert"),
        "tokenizer.ggml.pre": _string("default"),
        "tokenizer.ggml.token_type_count": _uint(config["type_vocab_size"]),
        "tokenizer.ggml.tokens": _array(STRING, [_text(_token(token)) for token in tokens]),
        "tokenizer.ggml.token_type": _array(INT32, [_token_type(token) for token in tokens]),
        "tokenizer.ggml.bos_token_id": _uint(number["[CLS]"]),
        "tokenizer.ggml.cls_token_id": _uint(number["[CLS]"]),
        "tokenizer.ggml.eos_token_id": _uint(number["[SEP]"]),
        "tokenizer.ggml.seperator_token_id": _uint(number["[SEP]"]),  # GGUF's own spelling
        "tokenizer.ggml.unknown_token_id": _uint(number["[UNK]"]),
        "tokenizer.ggml.padding_token_id": _uint(number["[PAD]"]),
        "tokenizer.ggml.mask_token_id": _uint(number["[MASK]"]),
    }


def _token(token: str) -> str:
    """As the engine has it: the start of a word is marked, not its continuation."""
    if _CONTROL.fullmatch(token):
        return token
    return token[2:] if token.startswith("##") else WORD_START + token


def _token_type(token: str) -> bytes:
    return struct.pack("<i", CONTROL_TOKEN if _CONTROL.fullmatch(token) else NORMAL_TOKEN)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _string(text: str) -> bytes:
    return struct.pack("<I", STRING) + _text(text)


def _uint(number: int) -> bytes:
    return struct.pack("<II", UINT32, number)


def _array(kind: int, items: Sequence[bytes]) -> bytes:
    return struct.pack("<IIQ", ARRAY, kind, len(items)) + b"".join(items)
