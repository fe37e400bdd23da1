"""Opens what `graft export` wrote with PEFT and transformers, and compares with the adapter that it was made of.

    python verify_exports.py BASE WORK
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from common import ROWS_TO_SCORE, load_base, logits_of, read_json_lines
from verify import check_logits, must_differ

import numpy as np
from peft import PeftModel
from safetensors.numpy import load_file
from transformers import AutoTokenizer

# Rounding of 5 million weights to 11 and 8 bits moves logits of size 10 so far; a wrong scale or row order moves them by more.
ROUNDED = {"f16": 0.02, "bf16": 0.15}


def check_near(found: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    worst = float(np.abs(found - expected).max())
    if not worst <= tolerance:
        raise AssertionError(f"worst difference {worst:.2e}, need {tolerance}")
    return f"worst difference {worst:.2e}"


def check_mlx_keys(peft: Path, mlx: Path) -> str:
    """Every factor under the name and in the shape that mlx_lm.tuner.utils.load_adapters looks for, transposed."""
    a, b = load_file(peft / "adapter_model.safetensors"), load_file(mlx / "adapters.safetensors")
    config = json.loads((mlx / "adapter_config.json").read_text())
    lora = json.loads((peft / "adapter_config.json").read_text())
    expected = {}
    for key, value in a.items():
        path, factor = re.fullmatch(r"base_model\.model\.(.+)\.lora_([AB])\.weight", key).groups()
        expected[f"{path}.lora_{factor.lower()}"] = value.T
    assert expected.keys() == b.keys(), f"found {sorted(b.keys() ^ expected.keys())[:4]} on one side alone"
    for key, value in expected.items():
        assert np.array_equal(value, b[key]), f'"{key}" differs'
    parameters = config["lora_parameters"]
    assert parameters["rank"] == lora["r"] and parameters["scale"] == lora["lora_alpha"] / lora["r"], f"found {parameters}"
    blocks = {re.search(r"layers\.\d+\.(.+)\.lora_a$", key)[1] for key in b if key.endswith("lora_a")}
    assert set(parameters["keys"]) == blocks and config["num_layers"] >= 1, f"found keys {parameters['keys']}"
    return f"{len(expected)} factors"


def main() -> None:
    base, work = Path(sys.argv[1]), Path(sys.argv[2])
    rows = read_json_lines(work / ROWS_TO_SCORE)
    live = load_file(work / "graft-adapter.safetensors")["logits"]
    counts = {"passed": 0, "failed": 0}

    def check(name: str, run) -> None:
        try:
            print(f"  ok    {name}: {run()}", flush=True)
            counts["passed"] += 1
        except Exception as error:
            print(f"  FAIL  {name}: {type(error).__name__}: {error}", flush=True)
            counts["failed"] += 1

    def merged(name: str) -> np.ndarray:
        return logits_of(load_base(work / f"export-{name}"), rows)

    def tokenizer() -> str:
        ours, theirs = (AutoTokenizer.from_pretrained(folder) for folder in (work / "export-merged-f16", base))
        talk = [{"role": "user", "content": "How are you, ½ 12345?"}, {"role": "assistant", "content": "Fine.\n\nThanks!"}]
        found, need = (t.apply_chat_template(talk, tokenize=False) for t in (ours, theirs))
        assert found == need, f"{found!r} is not {need!r}"
        assert ours(found)["input_ids"] == theirs(need)["input_ids"]
        return f"{len(ours(found)['input_ids'])} ids equal"

    def tokenizer_of_gguf() -> str:
        ours, theirs = (AutoTokenizer.from_pretrained(folder) for folder in (work / "export-from-gguf", base))
        text = "I'm SURE it's 100,000 — 1st  2nd\n\n ½ ¼\ttabs <|im_end|> é"
        assert ours(text)["input_ids"] == theirs(text)["input_ids"], f"{ours(text)['input_ids']} is not {theirs(text)['input_ids']}"
        assert ours.chat_template == theirs.chat_template and ours.eos_token == theirs.eos_token
        return f"{len(ours(text)['input_ids'])} ids equal"

    def modelfile() -> str:
        text = (work / "export-ollama" / "Modelfile").read_text()
        for part in ("FROM ./model.gguf", "{{ range .Messages }}", 'PARAMETER stop "<|im_end|>"'):
            assert part in text, f"found no {part!r}"
        return f"{len(text.splitlines())} lines"

    check("PEFT opens the exported adapter", lambda: check_logits(logits_of(PeftModel.from_pretrained(load_base(base), work / "export-peft").eval(), rows), live))
    check("transformers opens the merged model, f32", lambda: check_logits(merged("merged-f32"), live))
    for kind, tolerance in ROUNDED.items():
        check(f"transformers opens the merged model, {kind}", lambda: check_near(merged(f"merged-{kind}"), live, tolerance))
    check("the merged model is not the base", lambda: must_differ(merged("merged-f32"), logits_of(load_base(base), rows)))
    check("a model written from GGUF is the same", lambda: check_logits(merged("from-gguf"), live))
    check("transformers opens the merged model's tokenizer", tokenizer)
    check("transformers opens the tokenizer that came out of GGUF", tokenizer_of_gguf)
    check("MLX's files have what mlx-lm reads, key by key", lambda: check_mlx_keys(work / "export-peft", work / "export-mlx"))
    check("Ollama's Modelfile is whole", modelfile)
    (work / "exports-result.json").write_text(json.dumps(counts) + "\n")


if __name__ == "__main__":
    main()
