"""What prepare.py and verify.py share: the base in torch, rows, logits and losses. All in f32 on the processor."""

from __future__ import annotations

import json
from pathlib import Path

try:
    import graft_torch_cpu  # noqa: F401  (some installations of torch without CUDA need it)
except ImportError:
    pass
import numpy as np
import torch
from transformers import AutoModelForCausalLM

IGNORED = -100
ROWS_TO_SCORE = "rows.jsonl"
ROWS_TO_TRAIN = "train.jsonl"
STEPS = 5
BATCH = 2
SEQ = 48
LR = 1e-3
WEIGHT_DECAY = 0.01
CLIP = 1.0


def load_base(folder: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def read_json_lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def logits_of(model: torch.nn.Module, rows: list[dict]) -> np.ndarray:
    """f32 [rows, longest row, vocabulary], zero beyond a row's end; rows one by one, so no padding can leak in."""
    longest = max(len(row["input_ids"]) for row in rows)
    out = np.zeros((len(rows), longest, model.config.vocab_size), np.float32)
    with torch.no_grad():
        for i, row in enumerate(rows):
            ids = torch.tensor([row["input_ids"]])
            out[i, : ids.shape[1]] = model(input_ids=ids).logits[0].numpy()
    return out


def loss_of(model: torch.nn.Module, rows: list[dict]) -> torch.Tensor:
    """Mean over the supervised tokens of all rows together; rows must be of one length."""
    ids = torch.tensor([row["input_ids"] for row in rows])
    labels = torch.tensor([row["labels"] for row in rows])
    logits = model(input_ids=ids).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED)
