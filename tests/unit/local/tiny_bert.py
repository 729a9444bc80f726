"""A BERT small enough to be made in a test: safetensors and what lies beside them."""

import json
import random
import struct
from collections.abc import Mapping
from typing import Any

__all__ = ["CONFIG", "VOCABULARY", "safetensors", "shapes"]

HIDDEN, INNER, POSITIONS = 32, 64, 64
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "green", "blue", "##s")
CONFIG: Mapping[str, Any] = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "num_hidden_layers": 1,
    "max_position_embeddings": POSITIONS,
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_attention_heads": 2,
    "layer_norm_eps": 1e-12,
    "type_vocab_size": 2,
}


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor's, also of those that no engine needs."""
    layer = "encoder.layer.0."
    linear = {
        "attention.self.query": (HIDDEN, HIDDEN),
        "attention.self.key": (HIDDEN, HIDDEN),
        "attention.self.value": (HIDDEN, HIDDEN),
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (INNER, HIDDEN),
        "output.dense": (HIDDEN, INNER),
    }
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
        "pooler.dense.weight": (HIDDEN, HIDDEN),
    }
    for name, shape in linear.items():
        found |= {f"{layer}{name}.weight": shape, f"{layer}{name}.bias": shape[:1]}
    norms = ("attention.output.LayerNorm", "output.LayerNorm")
    for name in ("embeddings.LayerNorm", *(f"{layer}{norm}" for norm in norms)):
        found |= {f"{name}.weight": (HIDDEN,), f"{name}.bias": (HIDDEN,)}
    return found


def safetensors(*, prefix: str = "", dtype: str = "F32") -> bytes:
    """The file, always with the same numbers. dtype: what its header says of them."""
    chance, header, data = random.Random(7), dict[str, Any](), bytearray()
    for name, shape in shapes().items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = struct.pack(f"<{count}f", *(chance.uniform(-1, 1) for _ in range(count)))
        offsets = [len(data), len(data) + len(values)]
        header[prefix + name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        data += values
    head = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(head)) + head + data
