"""PEFT opens adapters that Graft trained, and answers the probe of their receipts; prints checks as JSON.

    python verify_trained.py CASES.json

A case: {"name", "base", "adapter", "part"}: folders of base and adapter, and what makes the adapter its kind: a pattern for
names of PEFT's parameters, or "scaling".
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from common import load_base

import torch
from peft import PeftModel

# Both sides add up the same products in f32, in other orders: 1e-6 of the largest logit. Every disturbance below moves them by more.
LOGITS = 1e-5


def difference(model: torch.nn.Module, probe: dict) -> float:
    """The largest difference from the receipt's logits and log-sums over the vocabulary, as a share of the largest logit."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([probe["ids"]])).logits[0].double()
    top = torch.gather(logits, 1, torch.tensor(probe["top"]))
    apart = (top - torch.tensor(probe["logits"])).abs().max()
    sums = (torch.logsumexp(logits, 1) - torch.tensor(probe["logSumExp"])).abs().max()
    return float(torch.maximum(apart, sums) / logits.abs().max())


def disturb(model: torch.nn.Module, part: str) -> int:
    """Changes what makes the kind by two percent; returns how many places that were."""
    places = 0
    with torch.no_grad():
        if part == "scaling":
            for module in model.modules():
                # Attention has a scaling too, a number.
                if isinstance(scaling := getattr(module, "scaling", None), dict):
                    for name in scaling:
                        scaling[name] *= 1.02
                    places += 1
        else:
            for name, parameter in model.named_parameters():
                if re.search(part, name) and "original_module" not in name:
                    parameter *= 1.02
                    places += 1
    return places


def check(case: dict) -> str:
    probe = json.loads((Path(case["adapter"]) / "graft_receipt.json").read_text())["probe"]
    model = PeftModel.from_pretrained(load_base(Path(case["base"])), case["adapter"]).eval()
    found = difference(model, probe)
    alone = difference(load_base(Path(case["base"])), probe)
    places = disturb(model, case["part"])
    disturbed = difference(model, probe)
    text = f"{found:.1e} of the largest logit; the base alone {alone:.1e}, {places} disturbed places {disturbed:.1e}"
    if not (found <= LOGITS and alone > 1000 * LOGITS and places > 0 and disturbed > 10 * LOGITS):
        raise AssertionError(text)
    return text


def main() -> None:
    checks = []
    for case in json.loads(Path(sys.argv[1]).read_text()):
        try:
            passed, text = True, check(case)
        except Exception as error:
            passed, text = False, f"{type(error).__name__}: {error}"
        checks.append([f"PEFT answers with {case['name']} as it was trained", passed, text])
    print(json.dumps(checks))


if __name__ == "__main__":
    main()
