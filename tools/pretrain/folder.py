"""A model folder as Graft ships it: q8 weights, configuration, tokenizer, chat template, under Hugging Face's names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from model import Shape
from q8 import METADATA, dequantize_tensors, quantize_tensors

SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
END_OF_TEXT, START_OF_TURN, END_OF_TURN = range(3)

CHAT_TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def train_tokenizer(text: str, vocabulary: int = Shape.vocabulary) -> Tokenizer:
    """Byte-level BPE; digits are split off one by one, so that sums are seen digit by digit."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        text.split("<|endoftext|>"),
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=[AddedToken(token, special=True) for token in SPECIAL_TOKENS],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def load_tensors(folder: Path) -> dict[str, np.ndarray]:
    """The F32 weights of a folder, stored as q8, F16 or F32."""
    return dequantize_tensors(load_file(folder / "model.safetensors"))


def write_folder(folder: Path, tensors: dict[str, np.ndarray], tokenizer: Tokenizer, shape: Shape) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "model.safetensors"
    save_file(quantize_tensors(tensors), weights, metadata=METADATA)
    weights.chmod(0o644)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "config.json", config_of(shape))
    write_json(
        folder / "generation_config.json",
        {"bos_token_id": START_OF_TURN, "eos_token_id": [END_OF_TURN, END_OF_TEXT], "pad_token_id": END_OF_TEXT},
    )
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": None,
            "eos_token": SPECIAL_TOKENS[END_OF_TURN],
            "pad_token": SPECIAL_TOKENS[END_OF_TEXT],
            "model_max_length": shape.context,
            "chat_template": CHAT_TEMPLATE,
        },
    )


def config_of(shape: Shape) -> dict[str, object]:
    """transformers 4 reads rope_theta and torch_dtype, transformers 5 rope_parameters and dtype; both are written."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_size,
        "intermediate_size": shape.feed_forward,
        "hidden_act": "silu",
        "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta},
        "tie_word_embeddings": True,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "initializer_range": 0.02,
        "bos_token_id": START_OF_TURN,
        "eos_token_id": END_OF_TURN,
        "pad_token_id": END_OF_TEXT,
        "torch_dtype": "float32",
        "dtype": "float32",
        "use_cache": True,
    }


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
