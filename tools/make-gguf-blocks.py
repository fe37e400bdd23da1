"""Makes src/model/testing/fixtures/gguf-blocks.safetensors: blocks of every GGUF type that Graft reads, as bytes, and the
f32 values that the gguf package gives for them. Random data is quantised where the package can; where it cannot, the
bytes are random and only the f16 scales are made finite.

    python tools/make-gguf-blocks.py        (needs gguf 0.19, numpy, safetensors)
"""

from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize, quantize
from safetensors.numpy import save_file

# Where the f16 scales of a block lie.
SCALES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0], T.IQ4_XS: [0],
}  # fmt: skip
random = np.random.default_rng(7)
out = {}
for kind, at in SCALES.items():
    elements, size = GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (8, size), dtype=np.uint8)
    for offset in at:
        # Every exponent but the one of infinity and NaN; subnormals too.
        scales = (random.integers(0, 31, 8) << 10 | random.integers(0, 1024, 8) | random.integers(0, 2, 8) << 15)
        blocks[:, offset : offset + 2] = scales.astype(np.uint16).view(np.uint8).reshape(8, 2)
    try:
        blocks = np.concatenate([blocks, quantize(random.standard_normal((4, elements), np.float32), kind)])
    except NotImplementedError:
        pass
    out[f"{kind.name}.blocks"] = blocks
    out[f"{kind.name}.values"] = dequantize(blocks, kind).astype(np.float32).reshape(len(blocks), elements)

path = Path(__file__).parent.parent / "src/model/testing/fixtures/gguf-blocks.safetensors"
save_file(out, path)
path.chmod(0o644)
print(path, path.stat().st_size, "bytes")
