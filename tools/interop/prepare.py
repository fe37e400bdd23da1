"""Makes what the interop checks start from: token rows, adapters made and saved by PEFT, and what torch computes with them.

    python prepare.py BASE TEXT OUT

BASE is a transformers folder, TEXT a file whose words become the rows, OUT the folder to fill. Seeded: the same every time.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from common import BATCH, CLIP, IGNORED, LR, ROWS_TO_SCORE, ROWS_TO_TRAIN, SEQ, STEPS, WEIGHT_DECAY
from common import load_base, logits_of, loss_of, read_json_lines

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import save_file
from transformers import AutoTokenizer

# Adapters by name; `std` is the spread of B. The fresh one (B = 0), last, starts the trajectory, as training does.
ADAPTERS = {
    "qv-r4": ({"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]}, 0.05),
    "all-rslora": ({"r": 8, "lora_alpha": 8, "target_modules": "all-linear", "use_rslora": True}, 0.02),
    "embeddings": ({"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "embed_tokens", "lm_head"]}, 0.05),
    "fresh": ({"r": 8, "lora_alpha": 16, "target_modules": "all-linear"}, 0.0),
}
# Odd lengths, from a full training row to the shortest row that has something to predict.
SCORED_LENGTHS = [SEQ, 31, 17, 8, 2]


def make_rows(base: Path, text: Path, out: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer(text.read_text(encoding="utf-8"), add_special_tokens=False)["input_ids"]
    needed = SEQ * BATCH * STEPS + sum(SCORED_LENGTHS)
    ids = (ids * (needed // len(ids) + 1))[:needed]

    def take(lengths: list[int], file: Path) -> None:
        with file.open("w", encoding="utf-8") as lines:
            for i, length in enumerate(lengths):
                row, ids[:] = ids[:length], ids[length:]
                prompt = min(length - 1, 3 + 2 * i)  # as if the first tokens were a prompt, of another length in each row
                lines.write(json.dumps({"input_ids": row, "labels": [IGNORED] * prompt + row[prompt:]}) + "\n")

    take([SEQ] * (BATCH * STEPS), out / ROWS_TO_TRAIN)
    take(SCORED_LENGTHS, out / ROWS_TO_SCORE)


def make_adapter(base: Path, name: str, folder: Path) -> None:
    settings, std = ADAPTERS[name]
    torch.manual_seed(len(name))
    model = get_peft_model(load_base(base), LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.normal_(0, std) if std else parameter.zero_()
            if "lora_embedding_A" in key:
                parameter.normal_(0, std)
    # Then the file carries embedding and head of the base as well.
    model.save_pretrained(folder, save_embedding_layers=name == "embeddings")


def save_with_torch(base: Path, folder: Path) -> None:
    """The base as folders had it before safetensors: torch.save of the state_dict, tied head included."""
    folder.mkdir()
    for file in base.glob("*.json"):
        shutil.copy(file, folder)
    torch.save(load_base(base).state_dict(), folder / "pytorch_model.bin")


def train(model: torch.nn.Module, rows: list[dict]) -> list[float]:
    """Losses of plain torch: AdamW at a constant rate over the rows in their order."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=LR, weight_decay=WEIGHT_DECAY)
    losses = []
    for step in range(STEPS):
        loss = loss_of(model, rows[BATCH * step : BATCH * (step + 1)])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def main() -> None:
    base, text, out = (Path(argument) for argument in sys.argv[1:4])
    make_rows(base, text, out)
    scored, trained = read_json_lines(out / ROWS_TO_SCORE), read_json_lines(out / ROWS_TO_TRAIN)
    expected = {}
    save_file({"logits": logits_of(load_base(base), scored)}, out / "expected-base.safetensors")
    save_with_torch(base, out / "torch")
    for name in ADAPTERS:
        make_adapter(base, name, out / f"peft-{name}")
        model = PeftModel.from_pretrained(load_base(base), out / f"peft-{name}", is_trainable=True)
        save_file({"logits": logits_of(model, scored)}, out / f"expected-{name}.safetensors")
        with torch.no_grad():
            expected[name] = {"first_loss": loss_of(model, trained[:BATCH]).item()}
    expected["trajectory"] = train(model, trained)
    (out / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
