"""Graft's q8 storage, in numpy: int8 values in groups of 32 along the input dimension, one F16 scale per group.

The values are those of GGUF's Q8_0 (d = absmax / 127, q = round(w / d), w' = q * d), with one liberty: groups restart
at every row, so the last group of a row may be short (688 inputs = 21 groups of 32 and one of 16).
A quantised matrix `x.weight` (O,I) becomes `x.weight` int8 (O,I) and `x.weight.scale` f16 (O, ceil(I / 32)).
"""

from __future__ import annotations

import numpy as np

GROUP = 32
SCALE_SUFFIX = ".scale"
METADATA = {"format": "pt", "graft.quant": "q8"}


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the int8 values (O,I) and f16 scales (O,G) of a float matrix (O,I)."""
    rows, inputs = weight.shape
    groups = -(-inputs // GROUP)
    padded = np.zeros((rows, groups * GROUP), np.float32)
    padded[:, :inputs] = weight
    padded = padded.reshape(rows, groups, GROUP)

    d = np.abs(padded).max(axis=2) / np.float32(127)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d > 0)
    q = round_half_away(padded * inverse[:, :, None]).astype(np.int8)
    return np.ascontiguousarray(q.reshape(rows, -1)[:, :inputs]), d.astype(np.float16)


def dequantize(q: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Returns the f32 matrix (O,I) behind int8 values (O,I) and f16 scales (O,G); exact, as 8 + 11 bits fit in 24."""
    d = np.repeat(scale.astype(np.float32), GROUP, axis=1)[:, : q.shape[1]]
    return q.astype(np.float32) * d


def quantize_tensors(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Quantises every matrix of a checkpoint; vectors (the norms) stay F32."""
    stored: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 2:
            stored[name], stored[name + SCALE_SUFFIX] = quantize(tensor)
        else:
            stored[name] = tensor.astype(np.float32)
    return stored


def dequantize_tensors(stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The F32 checkpoint behind `quantize_tensors`; unquantised checkpoints pass through as F32."""
    tensors: dict[str, np.ndarray] = {}
    for name, tensor in stored.items():
        if name.endswith(SCALE_SUFFIX):
            continue
        scale = stored.get(name + SCALE_SUFFIX)
        tensors[name] = tensor.astype(np.float32) if scale is None else dequantize(tensor, scale)
    return tensors


def round_half_away(x: np.ndarray) -> np.ndarray:
    """C's roundf. numpy rounds halves to even, and floor(|x| + 0.5) is wrong just below one half."""
    magnitude = np.abs(x)
    whole = np.floor(magnitude)
    return np.copysign(whole + (magnitude - whole >= 0.5), x)
