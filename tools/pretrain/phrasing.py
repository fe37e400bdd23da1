"""How questions are asked and answers are put: the small grammar that all skills share."""

from __future__ import annotations

from random import Random

Message = dict[str, str]
Dialogue = list[Message]


def pairs(table: str) -> list[tuple[str, str]]:
    """'big small|hot cold' -> [(big, small), (hot, cold)]; the last word of an entry is the second of the pair."""
    return [(first, second) for first, _, second in (entry.rpartition(" ") for entry in split(table))]


def split(table: str) -> list[str]:
    return [entry.strip() for entry in table.replace("\n", "|").split("|") if entry.strip()]


def records(table: str) -> list[list[str]]:
    return [line.split("|") for line in table.strip().splitlines()]


def a(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"


def sentence(text: str) -> str:
    """First letter up, full stop at the end unless there is a mark already."""
    text = text[0].upper() + text[1:]
    return text if text[-1] in '.!?"' else text + "."


def join(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def turn(user: str, assistant: str) -> Dialogue:
    return [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]


def pick(rng: Random, *choices: str) -> str:
    return rng.choice(choices)


def ask(rng: Random, question: str) -> str:
    """The same question as different people type it; what ends in a full stop is an order."""
    if question.endswith("."):
        return order(rng, question)
    roll = rng.random()
    if roll < 0.12:
        return question.lower().rstrip("?.")
    if roll < 0.2:
        return pick(rng, "Please tell me: ", "Can you tell me? ", "A question: ", "I wonder, ", "Tell me, ") + question
    if roll < 0.24:
        return question + pick(rng, " Please tell me.", " Thanks!", " Do you know?", " I want to know.")
    return question


def order(rng: Random, instruction: str) -> str:
    """The same instruction, more or less politely."""
    lower = instruction[0].lower() + instruction[1:].rstrip(".")
    roll = rng.random()
    if roll < 0.15:
        return f"Please {lower}."
    if roll < 0.3:
        return pick(rng, "Can you ", "Could you ", "Will you ", "Could you please ") + lower + "?"
    if roll < 0.38:
        return instruction.lower().rstrip(".")
    if roll < 0.42:
        return pick(rng, "I want you to ", "I would like you to ") + lower + "."
    return instruction


def word_or_sentence(rng: Random, question: str, word: str, full: str) -> Dialogue:
    """An answer of one word when the user or a system message asks for it, a sentence otherwise."""
    roll = rng.random()
    if roll < 0.12:
        brief = pick(rng, "Answer in one word.", "One word, please.", "Just one word.", "Answer with one word only.")
        return turn(f"{question} {brief}", sentence(word))
    if roll < 0.2:
        brief = pick(rng, "Answer in one word.", "Use one word only.", "Give one-word answers.", "Be very brief.")
        return [{"role": "system", "content": brief}, *turn(ask(rng, question), sentence(word))]
    return turn(ask(rng, question), sentence(full))
