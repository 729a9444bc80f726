"""A BERT's safetensors as a GGUF."""

import io
import json
import struct
from typing import Any

import pytest

from aiportal.local.bert import BertFiles, write_gguf
from tests.unit.local.tiny_bert import CONFIG, VOCABULARY, safetensors, shapes

FILES = BertFiles(CONFIG, VOCABULARY)


def converted(weights: bytes, files: BertFiles = FILES) -> bytes:
    out = io.BytesIO()
    write_gguf(io.BytesIO(weights), files, out)
    return out.getvalue()


def test_a_gguf_holds_every_tensor_but_what_no_vector_needs() -> None:
    gguf = converted(safetensors())

    magic, version, tensors = struct.unpack_from("<4sIQ", gguf)
    assert (magic, version, tensors) == (b"GGUF", 3, len(shapes()) - 1)
    assert b"blk.0.attn_output_norm.weight" in gguf
    assert b"pooler" not in gguf
    assert len(gguf) % 32 == 0


def test_the_numbers_stay_as_they_are() -> None:
    weights = safetensors()
    first = weights.index(b"}}") + 2

    assert weights[first : first + 32 * 4 * len(VOCABULARY)] in converted(weights)


def test_the_same_weights_always_make_the_same_file() -> None:
    assert converted(safetensors()) == converted(safetensors(prefix="bert."))


def test_pooling_is_as_the_files_say() -> None:
    assert converted(safetensors()) != converted(
        safetensors(), BertFiles(CONFIG, VOCABULARY, has_cls_pooling=True)
    )


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        b"\x00" * 4,
        struct.pack("<Q", 2**40),
        struct.pack("<Q", 4) + b"nope",
        safetensors()[:-9],
    ],
)
def test_what_is_no_safetensors(weights: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        converted(weights)


def test_other_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="F16, not F32"):
        converted(safetensors(dtype="F16"))


def test_gaps_are_refused() -> None:
    weights = safetensors()
    (length,) = struct.unpack_from("<Q", weights)
    header = json.loads(weights[8 : 8 + length])
    del header["embeddings.position_embeddings.weight"]
    head = json.dumps(header).encode()

    with pytest.raises(ValueError, match="gaps"):
        converted(struct.pack("<Q", len(head)) + head + weights[8 + length :])


@pytest.mark.parametrize(
    "change", [{"model_type": "roberta"}, {"hidden_act": "relu"}, {"hidden_size": "32"}]
)
def test_another_kind_of_model_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"BERT|another"):
        converted(safetensors(), BertFiles({**CONFIG, **change}, VOCABULARY))


def test_a_vocabulary_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[CLS\]"):
        converted(safetensors(), BertFiles(CONFIG, VOCABULARY[5:]))
