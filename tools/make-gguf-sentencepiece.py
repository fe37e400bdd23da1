"""Makes src/model/testing/fixtures/gguf-sentencepiece.jsonl: a small SentencePiece model trained on the example datasets, as
GGUF's metadata would hold it, then a line for each text with the ids that SentencePiece itself gives.

    python tools/make-gguf-sentencepiece.py        (needs sentencepiece)
"""

import json
import tempfile
from pathlib import Path

import sentencepiece as spm

ROOT = Path(__file__).parent.parent
texts = []
for name in ("pirate.jsonl", "weather-haiku.jsonl", "shop-helper.csv"):
    texts += (ROOT / "public/examples" / name).read_text().splitlines()

with tempfile.TemporaryDirectory() as folder:
    corpus = Path(folder) / "corpus.txt"
    corpus.write_text("\n".join(texts))
    spm.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=f"{folder}/m", model_type="bpe", vocab_size=700, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
        allow_whitespace_only_pieces=True, character_coverage=1.0, minloglevel=2,
        control_symbols=["<|user|>"], user_defined_symbols=["<note>"],
    )  # fmt: skip
    sp = spm.SentencePieceProcessor(model_file=f"{folder}/m.model")


def kind(i: int) -> int:
    """tokenizer.ggml.token_type"""
    if sp.is_unknown(i):
        return 2
    if sp.is_control(i):
        return 3
    if sp.is_byte(i):
        return 6
    return 4 if sp.id_to_piece(i) == "<note>" else 1


cases = [
    "", "a", " ", "  ", "Hello", " Hello", "hello world", "The quick brown fox jumps over the lazy dog.",
    "What's the weather like today? Rain, 17 degrees.", "12345 and 3.14", "new\nline\n\nand\ttab", "   three before",
    "three after   ", "a   b  c", "Ahoy, matey! Set sail — arrr…", "naïve café déjà vu", "日本語 テキスト", "emoji 😀👩‍👩‍👧 end",
    "don't won't I'm we've", "CamelCaseWords andSnake_case", "<s> is a marker", "½ ¼ ²³ Ⅷ", "x" * 60, "▁ and ▁▁",
    *texts[3:40:4],
]  # fmt: skip
size = sp.get_piece_size()
out = {
    "tokens": [sp.id_to_piece(i) for i in range(size)],
    "scores": [sp.get_score(i) for i in range(size)],
    "types": [kind(i) for i in range(size)],
    "bos": sp.bos_id(),
    "eos": sp.eos_id(),
    "unknown": sp.unk_id(),
}
lines = [out, *({"text": text, "ids": sp.encode(text)} for text in cases)]
path = ROOT / "src/model/testing/fixtures/gguf-sentencepiece.jsonl"
path.write_text("".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines))
print(path, path.stat().st_size, "bytes")
