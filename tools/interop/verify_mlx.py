"""mlx-lm itself, on the processor, opens the MLX adapter and the merged model; prints checks as JSON.

    python verify_mlx.py WORK
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx_lm.tuner.utils import load_adapters
from mlx_lm.utils import load_model

# mlx adds up in other orders; a wrong scale or a missing tensor moves logits of size 10 by far more.
LOGITS = 5e-3


def read_logits(file: Path) -> np.ndarray:
    """The one F32 tensor of a safetensors file."""
    data = file.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8 : 8 + size])["logits"]
    return np.frombuffer(data, np.float32, offset=8 + size).reshape(entry["shape"])


def from_probe(model, probe: dict) -> float:
    """The largest difference from the logits that a receipt has recorded."""
    logits = np.array(model(mx.array([probe["ids"]])).astype(mx.float32))[0]
    return float(np.abs(np.take_along_axis(logits, np.array(probe["top"]), 1) - np.array(probe["logits"])).max())


def main() -> None:
    mx.set_default_device(mx.cpu)
    work = Path(sys.argv[1])
    rows = [json.loads(line)["input_ids"] for line in (work / "rows.jsonl").read_text().splitlines() if line.strip()]
    live = read_logits(work / "graft-adapter.safetensors")

    def worst(model) -> float:
        differences = []
        for i, ids in enumerate(rows):
            logits = np.array(model(mx.array([ids])).astype(mx.float32))[0]
            differences.append(float(np.abs(logits - live[i, : len(ids)]).max()))
        return max(differences)

    base, _ = load_model(work / "base")
    before = worst(base)
    adapted = worst(load_adapters(base, str(work / "export-mlx")))
    merged, _ = load_model(work / "export-merged-f32")
    checks = []
    for name in ("patterns", "dora"):
        probe = json.loads((work / "trained" / name / "graft_receipt.json").read_text())["probe"]
        plain, _ = load_model(work / "base")
        alone = from_probe(plain, probe)
        found = from_probe(load_adapters(plain, str(work / f"export-mlx-{name}")), probe)
        text = f"worst difference {found:.2e}, the base's {alone:.2e}"
        checks.append([f"mlx-lm answers with {name} as it was trained", found <= LOGITS and alone > 10 * LOGITS, text])
    print(json.dumps([
        *checks,
        ["mlx-lm opens the MLX adapter, and the logits agree", adapted <= LOGITS, f"worst difference {adapted:.2e}"],
        ["mlx-lm opens the merged model, and the logits agree", worst(merged) <= LOGITS, f"worst difference {worst(merged):.2e}"],
        ["mlx-lm's base alone differs", before > 10 * LOGITS, f"worst difference {before:.2e}"],
    ]))


if __name__ == "__main__":
    main()
