"""Cuts the story corpus into the pieces that dialogues are made from."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

SPEECH = re.compile(r'"[^"]{8,160}[,?!]" said ((?:the )?[A-Z]?[a-z]{2,12})(?:\.|[,;] [^"]{3,80}\.)')
"""A paragraph that is one speech and its speaker: "Come here," said Anthea, holding out her hand.
"""


@dataclass(frozen=True)
class StoryBook:
    """The corpus cut into the pieces that dialogues are made from."""

    passages: list[list[str]]
    """Runs of sentences, one list for each paragraph that has at least two."""
    sentences: list[str]
    """Sentences of 5 to 16 words, without quotation marks."""
    speeches: list[tuple[str, str]]
    """(passage, speaker) of paragraphs such as: "Come here," said Anthea."""
    words: list[str]
    """Common lower-case words of 3 to 8 letters, commonest first."""

    @classmethod
    def open(cls, text: str) -> StoryBook:
        passages, sentences, speeches = [], [], []
        for paragraph in re.split(r"\n\n|\n?<\|endoftext\|>\n?", text):
            paragraph = paragraph.strip()
            parts = split_sentences(paragraph)
            if len(parts) >= 2 and "\n" not in paragraph:
                passages.append(parts)
            sentences += [part for part in parts if is_plain(part)]
            speech = SPEECH.fullmatch(paragraph)
            if speech and speech[1] not in {"he", "she", "they", "it", "one", "the"}:
                speeches.append((paragraph, speech[1]))
        counts = Counter(re.findall(r"\b[a-z]{3,8}\b", text))
        return cls(passages, sentences, speeches, [word for word, _ in counts.most_common(900)])


def split_sentences(paragraph: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])|(?<=[.!?][\"'])\s+(?=[A-Z\"'])", paragraph)


def is_plain(sentence: str) -> bool:
    return 5 <= sentence.count(" ") + 1 <= 16 and bool(re.fullmatch(r"[A-Z][A-Za-z ,;'-]*[.!?]", sentence))
