"""Pretrains Scion, the model that Graft is shipped with: old stories, then more and more simple dialogue.

    python pretrain.py CORPUS OUT --minutes 75 [--init FOLDER] [--threads 2] [--device cuda]

CORPUS holds stories-train.txt.gz and stories-valid.txt.gz; OUT becomes a model folder in Graft's q8 layout, rewritten
about every ten minutes, and gets log.jsonl. The run is ruled by the clock: the learning rate reaches zero when the
minutes are over. Needs torch, tokenizers, safetensors and numpy; see README.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue import Dialogue, StoryBook, dialogues
from folder import END_OF_TEXT, load_tensors, load_tokenizer, train_tokenizer, write_folder
from model import Scion, Shape
from muon import Muon
from q8 import dequantize_tensors, quantize_tensors

BATCH_TOKENS = 4096
SHORT, LONG = 256, 512
"""Row lengths; the last 30 % of the run use the long one, so that every position has been trained."""

WEIGHT_DECAY = 0.05
CHECKPOINT_SECONDS = 600
EVALUATED_DIALOGUES = 600


@dataclass(frozen=True)
class Rows:
    """Packed rows: ids (B,T+1), whether each is a token to be predicted, and which text it belongs to."""

    ids: np.ndarray
    supervised: np.ndarray
    segments: np.ndarray


# -- Data ------------------------------------------------------------------------------------------------------------


def read_stories(path: Path) -> str:
    with gzip.open(path, "rt", encoding="ascii") as file:
        return file.read()


def encode_stories(tokenizer, text: str) -> np.ndarray:
    """All documents in a row, each closed by <|endoftext|>."""
    documents = [document.strip() for document in text.split("<|endoftext|>") if document.strip()]
    encoded = tokenizer.encode_batch(documents)
    return np.concatenate([np.array([*document.ids, END_OF_TEXT], np.uint16) for document in encoded])


def encode_dialogue(tokenizer, chat: Dialogue) -> tuple[list[int], list[bool]]:
    """Ids in the form of the chat template, closed by <|endoftext|>; only what the assistant says is supervised."""
    ids: list[int] = []
    supervised: list[bool] = []
    for message in chat:
        spoken = message["role"] == "assistant"
        for text, learn in (
            (f"<|im_start|>{message['role']}\n", False),
            (message["content"] + "<|im_end|>", spoken),
            ("\n", False),
        ):
            piece = tokenizer.encode(text).ids
            ids += piece
            supervised += [learn] * len(piece)
    return [*ids, END_OF_TEXT], [*supervised, False]


def segments_of(ids: np.ndarray) -> np.ndarray:
    """The number of <|endoftext|> before each token of a row."""
    ended = ids == END_OF_TEXT
    return np.cumsum(ended, axis=1) - ended


def story_rows(tokens: np.ndarray, length: int, count: int, rng: np.random.Generator) -> Iterator[Rows]:
    """Batches of `count` rows, without end; each pass over the stories cuts them elsewhere and shuffles the cuts."""
    while True:
        start = rng.integers(length)
        cuts = rng.permutation(np.arange(start, len(tokens) - length - 1, length))
        for first in range(0, len(cuts) - count + 1, count):
            ids = np.stack([tokens[cut : cut + length + 1] for cut in cuts[first : first + count]]).astype(np.int64)
            yield Rows(ids, np.ones_like(ids, bool), segments_of(ids))


def chat_rows(tokenizer, chats: Iterator[Dialogue], length: int, count: int) -> Iterator[Rows]:
    """Batches of `count` rows, each packed with whole dialogues and cut at its end."""
    while True:
        ids = np.full((count, length + 1), END_OF_TEXT, np.int64)
        supervised = np.zeros((count, length + 1), bool)
        for row in range(count):
            filled = 0
            while filled <= length:
                chat_ids, chat_supervised = encode_dialogue(tokenizer, next(chats))
                room = length + 1 - filled
                ids[row, filled : filled + len(chat_ids)] = chat_ids[:room]
                supervised[row, filled : filled + len(chat_ids)] = chat_supervised[:room]
                filled += len(chat_ids)
        yield Rows(ids, supervised, segments_of(ids))


def join_rows(parts: list[Rows]) -> Rows:
    return Rows(*(np.concatenate(same) for same in zip(*map(astuple, parts), strict=True)))


# -- Loss ------------------------------------------------------------------------------------------------------------


def summed_loss(model: Scion, rows: Rows, device: torch.device) -> tuple[Tensor, int]:
    """Cross-entropy summed over the supervised tokens of the rows, and how many these are."""
    ids, supervised, segments = (torch.from_numpy(part).to(device) for part in astuple(rows))
    chosen = supervised[:, 1:] & (segments[:, 1:] == segments[:, :-1])
    with torch.autocast(device.type, torch.bfloat16):
        hidden = model(ids[:, :-1], segments[:, :-1])
        logits = model.logits(hidden[chosen])
    return F.cross_entropy(logits.float(), ids[:, 1:][chosen], reduction="sum"), int(chosen.sum())


@torch.no_grad()
def mean_loss(model: Scion, batches: list[Rows], device: torch.device) -> float:
    total, tokens = 0.0, 0
    for rows in batches:
        loss, count = summed_loss(model, rows, device)
        total, tokens = total + loss.item(), tokens + count
    return total / tokens


@dataclass(frozen=True)
class Evaluation:
    """The fixed held-back text: stories-valid in consecutive windows, and dialogues of a seed of their own."""

    stories: dict[int, list[Rows]]
    chats: list[Rows]

    @classmethod
    def prepare(cls, tokenizer, valid_text: str) -> Evaluation:
        tokens = encode_stories(tokenizer, valid_text)
        stories = {}
        for length in (SHORT, LONG):
            count = (len(tokens) - 1) // length
            ids = np.stack([tokens[i * length : i * length + length + 1] for i in range(count)]).astype(np.int64)
            parts = np.array_split(ids, -(-count * length // BATCH_TOKENS))
            stories[length] = [Rows(part, np.ones_like(part, bool), segments_of(part)) for part in parts]
        held_back = dialogues(Random(20_000), StoryBook.open(valid_text))
        chats = []
        for _ in range(EVALUATED_DIALOGUES // 10):
            encoded = [encode_dialogue(tokenizer, next(held_back)) for _ in range(10)]
            width = min(LONG, max(len(ids) for ids, _ in encoded))
            ids = np.full((10, width), END_OF_TEXT, np.int64)
            supervised = np.zeros((10, width), bool)
            for row, (chat_ids, chat_supervised) in enumerate(encoded):
                ids[row, : len(chat_ids)] = chat_ids[:width]
                supervised[row, : len(chat_ids)] = chat_supervised[:width]
            chats.append(Rows(ids, supervised, segments_of(ids)))
        return cls(stories, chats)

    def measure(self, model: Scion, device: torch.device) -> dict[str, float]:
        """Nats per token; the long windows give every token more to look back on."""
        figures = {f"stories_{length}": mean_loss(model, rows, device) for length, rows in self.stories.items()}
        return {**figures, "chat": mean_loss(model, self.chats, device)}


# -- Training --------------------------------------------------------------------------------------------------------


def schedule(progress: float) -> float:
    """Factor of the learning rate: a short warm-up, level for a third of the run, then straight to zero."""
    return min(progress / 0.02, 1.0, (1 - progress) / 0.65)


def chat_share(progress: float) -> float:
    """The part of each batch that is dialogue."""
    return 0.35 + 0.25 * progress


def optimizers(model: Scion, learning_rate: float) -> list[torch.optim.Optimizer]:
    blocks = [parameter for name, parameter in model.named_parameters() if parameter.ndim == 2 and "layers" in name]
    embedding = [model.model.embed_tokens.weight]
    norms = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    adamw = torch.optim.AdamW(
        [{"params": embedding, "weight_decay": WEIGHT_DECAY}, {"params": norms, "weight_decay": 0.0}],
        lr=learning_rate, betas=(0.9, 0.98),
    )  # fmt: skip
    return [Muon(blocks, lr=learning_rate, weight_decay=WEIGHT_DECAY), adamw]


def train(arguments: argparse.Namespace) -> None:
    device = torch.device(arguments.device)
    torch.manual_seed(arguments.seed)
    random, generator = Random(arguments.seed), np.random.default_rng(arguments.seed)

    train_text = read_stories(arguments.corpus / "stories-train.txt.gz")
    valid_text = read_stories(arguments.corpus / "stories-valid.txt.gz")
    source = arguments.tokenizer or arguments.init
    tokenizer = load_tokenizer(source) if source else train_tokenizer(train_text)
    stories = encode_stories(tokenizer, train_text)
    chats = dialogues(random, StoryBook.open(train_text))
    evaluation = Evaluation.prepare(tokenizer, valid_text)

    shape = Shape()
    model = Scion(shape).to(device)
    if arguments.init:
        load_weights(model, load_tensors(arguments.init))
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = (arguments.out / "log.jsonl").open("a")

    def report(**figures: float) -> None:
        line = json.dumps({name: round(value, 4) for name, value in figures.items()})
        print(line, flush=True)
        print(line, file=log, flush=True)

    report(step=0, story_tokens=len(stories), **evaluation.measure(model, device))

    steppers = optimizers(model, arguments.learning_rate)
    batches: dict[tuple[str, int, int], Iterator[Rows]] = {}

    def rows_of(kind: str, length: int, count: int) -> Rows:
        key = (kind, length, count)
        if key not in batches:
            batches[key] = (
                story_rows(stories, length, count, generator)
                if kind == "stories"
                else chat_rows(tokenizer, chats, length, count)
            )
        return next(batches[key])

    limit = arguments.minutes * 60
    began = checkpointed = time.monotonic()
    step, losses = 0, []
    while (progress := (time.monotonic() - began) / limit) < 1:
        length = SHORT if progress < 0.7 else LONG
        rows = BATCH_TOKENS // length
        chat_count = math.floor(chat_share(progress) * rows + random.random())
        batch = join_rows([rows_of("stories", length, rows - chat_count), rows_of("chat", length, chat_count)])

        total, count = summed_loss(model, batch, device)
        loss = total / count
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = arguments.learning_rate * schedule(progress)
            stepper.step()
        model.zero_grad(set_to_none=True)

        step += 1
        losses.append(loss.item())
        if step % 50 == 0:
            report(step=step, minutes=(time.monotonic() - began) / 60, loss=sum(losses) / len(losses))
            losses.clear()
        if time.monotonic() - checkpointed > CHECKPOINT_SECONDS:
            checkpointed = time.monotonic()
            report(step=step, progress=progress, **evaluation.measure(model, device))
            write_folder(arguments.out, tensors_of(model), tokenizer, shape)

    report(step=step, tokens=step * BATCH_TOKENS, **evaluation.measure(model, device))
    write_folder(arguments.out, tensors_of(model), tokenizer, shape)
    load_weights(model, dequantize_tensors(quantize_tensors(tensors_of(model))))
    report(step=step, q8=1, **evaluation.measure(model, device))


def tensors_of(model: Scion) -> dict[str, np.ndarray]:
    return {name: tensor.detach().float().cpu().numpy() for name, tensor in model.state_dict().items()}


def load_weights(model: Scion, tensors: dict[str, np.ndarray]) -> None:
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})


def evaluate(arguments: argparse.Namespace) -> None:
    """Prints the figures of an existing folder, of the same text and code as during training."""
    device = torch.device(arguments.device)
    evaluation = Evaluation.prepare(
        load_tokenizer(arguments.init), read_stories(arguments.corpus / "stories-valid.txt.gz")
    )
    model = Scion(Shape()).to(device)
    load_weights(model, load_tensors(arguments.init))
    print(json.dumps(evaluation.measure(model, device)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="folder with stories-train.txt.gz and stories-valid.txt.gz")
    parser.add_argument("out", type=Path, nargs="?", help="model folder to write; without it, --init is only measured")
    parser.add_argument("--init", type=Path, help="model folder to go on from (and whose tokenizer to use)")
    parser.add_argument("--tokenizer", type=Path, help="model folder whose tokenizer to use instead of a new one")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--learning-rate", type=float, default=4e-3, help="peak, of both optimisers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.out:
        train(arguments)
    elif arguments.init:
        evaluate(arguments)
    else:
        parser.error("OUT or --init is needed")


if __name__ == "__main__":
    main()
