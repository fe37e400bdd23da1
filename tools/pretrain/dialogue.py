"""Makes simple dialogues without end, so that Scion has seen turns: a question or an order, a short sane answer.

Mixes the skills of skills.py by weight, joins some into longer chats and puts a system message before others. Needs no
torch:

    python dialogue.py CORPUS/stories-valid.txt.gz      prints a dozen of them
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from phrasing import Dialogue
from skills import ALONE, SKILLS, single
from storybook import StoryBook

SYSTEM_MESSAGES = (
    "You are a helpful assistant.", "You are Scion, a small storyteller.", "Answer shortly and kindly.",
    "You are a friendly helper. Keep your answers short.", "You are Scion. Be kind and honest.",
    "Help the user. If you do not know something, say so.", "You are a small language model. Answer simply.",
)  # fmt: skip


def dialogues(rng: Random, book: StoryBook) -> Iterator[Dialogue]:
    """Dialogues without end: about two in three of one exchange, the others joined from two to four."""
    skills, weights = list(SKILLS), list(SKILLS.values())
    while True:
        (skill,) = rng.choices(skills, weights=weights)
        chat = skill(rng, book)
        if skill not in ALONE and chat[0]["role"] != "system" and rng.random() < 0.33:
            for _ in range(rng.choice([1, 1, 2, 3])):
                more = single(rng, book)
                chat = chat if has_system(more) else chat + more
        if not has_system(chat) and rng.random() < 0.15:
            chat = [{"role": "system", "content": rng.choice(SYSTEM_MESSAGES)}, *chat]
        yield chat


def has_system(chat: Dialogue) -> bool:
    return chat[0]["role"] == "system"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python dialogue.py STORIES.txt.gz")
    with gzip.open(Path(sys.argv[1]), "rt") as file:
        book = StoryBook.open(file.read())
    stream = dialogues(Random(1), book)
    for _ in range(12):
        print("\n".join(f"{message['role']:>9}: {message['content']}" for message in next(stream)), end="\n\n")


if __name__ == "__main__":
    main()
