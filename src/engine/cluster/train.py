"""Goes on with adapter/ over rows/ on as many GPUs as there are, with TRL's SFTTrainer and PEFT. README.md has the command.

    accelerate launch --config_file accelerate/ddp.yaml train.py [--model PATH_OR_ID] [--out adapter-out] [--steps N]
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import torch
from accelerate import PartialState
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

HERE = Path(__file__).resolve().parent


def share_batch(per_device: int, accumulation: int, processes: int) -> tuple[int, int]:
    """The rows of a step stay what they were, however many processes share them; rounded up where they cannot be shared."""
    rows = math.ceil(per_device * accumulation / processes)
    per_device = max(size for size in range(1, min(per_device, rows) + 1) if rows % size == 0)
    return per_device, rows // per_device


def main() -> None:
    recipe = json.loads((HERE / "recipe.json").read_text())
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=recipe["model"], help="the base: a folder or a model of the Hugging Face Hub")
    parser.add_argument("--out", default=str(HERE / "adapter-out"))
    parser.add_argument("--steps", type=int, help="instead of the recipe's length")
    arguments = parser.parse_args()

    base = HERE / arguments.model if (HERE / arguments.model).is_dir() else arguments.model
    cuda = torch.cuda.is_available()
    bf16 = cuda and torch.cuda.is_bf16_supported()
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16 if bf16 else torch.float32)
    model = PeftModel.from_pretrained(model, HERE / "adapter", is_trainable=True)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token

    # Tokens and labels as they were in the browser: nothing is rendered or masked anew.
    files = {name: str(HERE / "rows" / f"{name}.jsonl") for name in ("train", "validation")}
    rows = load_dataset("json", data_files={name: file for name, file in files.items() if Path(file).exists()})
    rows = rows.select_columns(["input_ids", "labels"])

    settings = dict(recipe["trainer"])
    state = PartialState(cpu=not cuda)
    per_device, accumulation = share_batch(
        settings.pop("per_device_train_batch_size"),
        settings.pop("gradient_accumulation_steps"),
        state.num_processes,
    )
    state.print(f"a step: {state.num_processes} processes x {per_device} rows x {accumulation} times")
    if arguments.steps:
        settings["max_steps"] = arguments.steps
    validation = rows.get("validation")
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=rows["train"],
        eval_dataset=validation,
        args=SFTConfig(
            output_dir=arguments.out,
            per_device_train_batch_size=per_device,
            gradient_accumulation_steps=accumulation,
            eval_strategy="epoch" if validation is not None else "no",
            dataset_kwargs={"skip_prepare_dataset": True},
            bf16=bf16,
            use_cpu=not cuda,
            ddp_find_unused_parameters=False,
            logging_steps=1,
            logging_first_step=True,
            save_strategy="epoch",
            report_to="none",
            **settings,
        ),
    )
    trainer.train()
    trainer.save_model(arguments.out)
    trainer.save_state()


if __name__ == "__main__":
    main()
