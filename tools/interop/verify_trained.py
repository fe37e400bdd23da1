"""PEFT, or AdapterHub's package, opens adapters that Graft trained, and answers the probe of their receipts; prints checks as JSON.

    python verify_trained.py CASES.json PEFT|AdapterHub

A case: {"name", "base", "adapter", "part", "prompt"?, "greedy"?}: folders of base and adapter, what makes the adapter its kind (a
pattern for names of the package's parameters, or "scaling"), and the ids that Graft goes on with after a prompt.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from common import load_base

import torch

# Both sides add up the same products in f32, in other orders: 1e-6 of the largest logit. Every disturbance below moves them by more.
LOGITS = 1e-5
# Below this lead, as a share of the largest logit, rounding may turn the choice of the next token.
CLEAR_LEAD = 1e-4


def open_adapter(folder: str, base: Path) -> torch.nn.Module:
    """By the lines of its own model card, with the folders in their places."""
    card = (Path(folder) / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)[1].replace("path/to/this/folder", folder)
    code, count = re.subn(r'(?<=AutoModelForCausalLM\.from_pretrained\()"[^"]*"', repr(str(base)), code)
    assert count == 1, f"found {count} places for the base in {code!r}, need 1"
    scope: dict = {}
    exec(code, scope)
    return scope["model"].eval()


def logits_of(model: torch.nn.Module, ids: list[int]) -> torch.Tensor:
    """Of the ids alone: what a learned prompt before them says is left out."""
    x = torch.tensor([ids])
    with torch.no_grad():
        return model(input_ids=x, attention_mask=torch.ones_like(x)).logits[0, -len(ids) :].double()


def difference(model: torch.nn.Module, probe: dict) -> float:
    """The largest difference from the receipt's logits and log-sums over the vocabulary, as a share of the largest logit."""
    logits = logits_of(model, probe["ids"])
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


def check_greedy(model: torch.nn.Module, prompt: list[int], found: list[int]) -> str:
    """The likeliest next token, again and again, as far as the package's own choice is clear."""
    ids = list(prompt)
    for i, token in enumerate(found):
        logits = logits_of(model, ids)[-1]
        top = logits.topk(2)
        if token != int(top.indices[0]):
            lead = float((top.values[0] - top.values[1]) / logits.abs().max())
            if i > 0 and lead < CLEAR_LEAD:
                return f"{i} greedy ids equal, then a tie"
            raise AssertionError(f"greedy id {i} is {token}, need {int(top.indices[0])}, which leads by {lead:.1e}")
        ids.append(token)
    return f"{len(found)} greedy ids equal"


def check(case: dict) -> str:
    base = Path(case["base"])
    probe = json.loads((Path(case["adapter"]) / "graft_receipt.json").read_text())["probe"]
    model = open_adapter(case["adapter"], base)
    found = difference(model, probe)
    alone = difference(load_base(base), probe)
    greedy = f"; {check_greedy(model, case['prompt'], case['greedy'])}" if case.get("prompt") else ""
    places = disturb(model, case["part"])
    disturbed = difference(model, probe)
    text = f"{found:.1e} of the largest logit; the base alone {alone:.1e}, {places} disturbed places {disturbed:.1e}{greedy}"
    if not (found <= LOGITS and alone > 1000 * LOGITS and places > 0 and disturbed > 10 * LOGITS):
        raise AssertionError(text)
    return text


def main() -> None:
    file, package = sys.argv[1:3]
    checks = []
    for case in json.loads(Path(file).read_text()):
        try:
            passed, text = True, check(case)
        except Exception as error:
            passed, text = False, f"{type(error).__name__}: {error}"
        checks.append([f"{package} answers with {case['name']} as it was trained", passed, text])
    print(json.dumps(checks))


if __name__ == "__main__":
    main()
