"""Compares what graft computed with what torch computes; prints one line a check and writes the counts to result.json.

    python verify.py BASE WORK

WORK is the folder that prepare.py and then graft have filled.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from common import BATCH, ROWS_TO_SCORE, load_base, logits_of, read_json_lines

import numpy as np
import torch
from peft import PeftModel
from safetensors.numpy import load_file

# Of the largest logit. Both sides add up the same products in f32, in other orders, which gives 1e-6 (lavapipe); this much
# leaves room for drivers that round elsewhere, and still tells a wrong scale, order or target apart.
LOGITS = 1e-3
FIRST_LOSS = 1e-4
# Adam divides by the gradient's own size, so rounding grows from step to step (here to 1e-6).
TRAJECTORY = 2e-3
# Below this lead, rounding may turn torch's own choice of the next token.
CLEAR_LEAD = 1e-3


def check_logits(found: np.ndarray, expected: np.ndarray) -> str:
    if found.shape != expected.shape:
        raise AssertionError(f"found logits of shape {found.shape}, need {expected.shape}")
    difference = np.abs(found - expected)
    worst, scale = float(difference.max()), float(np.abs(expected).max())
    where = [int(i) for i in np.unravel_index(difference.argmax(), difference.shape)]
    text = f"worst difference {worst:.2e} at {where} of logits up to {scale:.1f}"
    if not worst <= LOGITS * scale:
        raise AssertionError(f"{text}, need {LOGITS * scale:.2e}")
    return text


def must_differ(found: np.ndarray, expected: np.ndarray) -> str:
    """The negative control: the comparison has to see this difference."""
    try:
        text = check_logits(found, expected)
    except AssertionError as error:
        return f"told apart: {error}"
    raise AssertionError(f"the comparison saw no difference ({text})")


def check_losses(file: Path, expected: list[float], tolerance: float) -> str:
    found = [line["loss"] for line in read_json_lines(file)]
    if len(found) != len(expected):
        raise AssertionError(f"found {len(found)} losses, need {len(expected)}")
    worst = max(abs(a - b) for a, b in zip(found, expected))
    text = f"worst difference {worst:.2e} over {len(found)} losses, {found[0]:.4f} to {found[-1]:.4f}"
    if not worst <= tolerance:
        raise AssertionError(f"{text}, need {tolerance}: found {found}, torch {expected}")
    return text


def check_fell(file: Path) -> str:
    losses = [line["loss"] for line in read_json_lines(file)]
    quarter = max(1, len(losses) // 4)
    first, last = float(np.mean(losses[:quarter])), float(np.mean(losses[-quarter:]))
    text = f"mean loss of the first {quarter} steps {first:.4f}, of the last {last:.4f}"
    if not last < first:
        raise AssertionError(text)
    return text


def check_greedy(model: torch.nn.Module, prompt: list[int], found: list[int]) -> str:
    """The likeliest next token, again and again; judged only as far as torch's own choice is clear."""
    ids = list(prompt)
    for i, token in enumerate(found):
        with torch.no_grad():
            top = model(input_ids=torch.tensor([ids])).logits[0, -1].topk(2)
        lead = float(top.values[0] - top.values[1])
        if token != int(top.indices[0]):
            if lead < CLEAR_LEAD:
                return f"{i} ids equal, then torch's lead is {lead:.1e}, too little to judge by"
            raise AssertionError(f"id {i} is {token}, torch says {int(top.indices[0])} with a lead of {lead:.3f}; found {found}")
        ids.append(token)
    return f"{len(found)} ids equal"


def perturbed(model: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(0)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter += parameter.abs().mean() * torch.randn_like(parameter)
    return model


def main() -> None:
    base, work = Path(sys.argv[1]), Path(sys.argv[2])
    rows = read_json_lines(work / ROWS_TO_SCORE)
    expected = json.loads((work / "expected.json").read_text())
    counts = {"passed": 0, "failed": 0}

    def check(name: str, run) -> None:
        try:
            print(f"  ok    {name}: {run()}", flush=True)
            counts["passed"] += 1
        except Exception as error:
            print(f"  FAIL  {name}: {error}", flush=True)
            if not isinstance(error, (AssertionError, FileNotFoundError)):
                traceback.print_exc()
            counts["failed"] += 1

    def found(name: str) -> np.ndarray:
        return load_file(work / f"graft-{name}.safetensors")["logits"]

    def torchs(name: str) -> np.ndarray:
        return load_file(work / f"expected-{name}.safetensors")["logits"]

    def trained() -> PeftModel:
        return PeftModel.from_pretrained(load_base(base), work / "adapter").eval()

    def greedy(i: int) -> str:
        answer = json.loads((work / f"graft-greedy-{i}.json").read_text())
        assert len(answer["found"]) == answer["count"], f"found {len(answer['found'])} ids, need {answer['count']}"
        return check_greedy(trained(), answer["prompt"], answer["found"])

    check("the base has torch's logits", lambda: check_logits(found("base"), torchs("base")))
    check("the base as torch.save writes it has torch's logits", lambda: check_logits(found("torch"), torchs("base")))
    check("training lowers the loss", lambda: check_fell(work / "log-train.jsonl"))
    check("PEFT opens Graft's adapter, and the logits agree", lambda: check_logits(found("adapter"), logits_of(trained(), rows)))
    check("the adapter changes the logits", lambda: must_differ(found("adapter"), found("base")))
    check("a wrong lora_B is noticed", lambda: must_differ(found("adapter"), logits_of(perturbed(trained()), rows)))
    for name in ("qv-r4", "all-rslora", "embeddings"):
        check(f"Graft opens PEFT's {name}, and the logits agree", lambda: check_logits(found(name), torchs(name)))
    check("PEFT's adapters differ from the base", lambda: must_differ(torchs("qv-r4"), torchs("base")))
    first = [expected["all-rslora"]["first_loss"]]
    check(f"the first loss from PEFT's all-rslora is torch's ({BATCH} rows)", lambda: check_losses(work / "log-first.jsonl", first, FIRST_LOSS))
    check("the losses of training are torch's", lambda: check_losses(work / "log-trajectory.jsonl", expected["trajectory"], TRAJECTORY))
    for i in range(2):
        check(f"greedy answer {i + 1} has torch's ids", lambda: greedy(i))
    (work / "result.json").write_text(json.dumps(counts) + "\n")


if __name__ == "__main__":
    main()
