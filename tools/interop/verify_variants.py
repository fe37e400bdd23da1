"""Merged models of LoRA's variants against PEFT's adapters over the same base; prints checks as JSON.

    python verify_variants.py GOLDENS WORK CASES.json

A case: {"name", "base", "out"}: an adapter of GOLDENS/llama_variants, its base's folder in GOLDENS, the merged folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from common import load_base

import torch
from peft import PeftModel

# Both sides add up the same products in f32, in other orders, which gives 2e-5 on logits of 10.
LOGITS = 2e-4


def main() -> None:
    goldens, cases = Path(sys.argv[1]), json.loads(Path(sys.argv[3]).read_text())
    ids = torch.arange(1, 25)[None]

    def logits(model: torch.nn.Module) -> torch.Tensor:
        with torch.no_grad():
            return model(input_ids=ids).logits

    checks = []
    for case in cases:
        name, base = case["name"], goldens / case["base"] / "model"
        try:
            plain = logits(load_base(base))
            live = logits(PeftModel.from_pretrained(load_base(base), goldens / "llama_variants" / name / "adapter").eval())
            merged = logits(load_base(Path(case["out"])))
            worst, change = float((merged - live).abs().max()), float((plain - live).abs().max())
            passed = worst <= LOGITS and change > 100 * LOGITS
            text = f"worst difference {worst:.2e}, the base's {change:.1f}"
        except Exception as error:
            passed, text = False, f"{type(error).__name__}: {error}"
        checks.append([f"{name} merged into {case['base']} says what PEFT says", passed, text])
    print(json.dumps(checks))


if __name__ == "__main__":
    main()
