"""Turns a Graft q8 model folder into an ordinary Hugging Face folder that transformers and PEFT open.

    python export_transformers.py ../../public/models/scion /tmp/scion-f32

Needs numpy and safetensors only. The weights are written as F32 because that is the smallest common type that holds
q * d exactly: an int8 value times an 11-bit scale needs up to 19 bits, and F16 has 11.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from safetensors.numpy import load_file, save_file

from q8 import dequantize_tensors

COPIED = ("tokenizer.json", "tokenizer_config.json", "generation_config.json")


def export(source: Path, target: Path) -> None:
    if source.resolve() == target.resolve():
        raise ValueError(f'Cannot export "{source}": source and target are the same folder, two are needed')
    target.mkdir(parents=True, exist_ok=True)

    tensors = dequantize_tensors(load_file(source / "model.safetensors"))
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})

    config = json.loads((source / "config.json").read_text())
    config["dtype"] = config["torch_dtype"] = "float32"
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for name in COPIED:
        shutil.copyfile(source / name, target / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder with the q8 model.safetensors")
    parser.add_argument("target", type=Path, help="folder to write")
    arguments = parser.parse_args()
    export(arguments.source, arguments.target)


if __name__ == "__main__":
    main()
