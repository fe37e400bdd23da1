"""What Scion can be asked. Long because it is a list: one short function for each skill, (rng, book) -> messages.

Some dialogues are cut from the story corpus (continue a passage, finish a sentence, who said it), the rest are put
together from facts.py. dialogue.py mixes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import facts
from phrasing import Dialogue, a, ask, join, order, pairs, pick, records, sentence, split, turn, word_or_sentence
from storybook import StoryBook


@dataclass(frozen=True)
class Animal:
    name: str
    sound: str
    young: str
    home: str
    food: str
    legs: str
    rank: str
    """Its place in the order of size, as the table writes it."""
    colour: str

    @property
    def size(self) -> int:
        return int(self.rank)


# -- Skills: facts ---------------------------------------------------------------------------------------------------

ANIMALS = [Animal(*row) for row in records(facts.ANIMALS)]
OPPOSITES = pairs(facts.OPPOSITES)
COLOURS = pairs(facts.COLOURS)
PLURALS = pairs(facts.PLURALS)
PAST = pairs(facts.PAST)
CAPITALS = pairs(facts.CAPITALS)
RHYMES = [entry.split() for entry in split(facts.RHYMES)]
CATEGORIES = {name: members.split() for name, members in facts.CATEGORIES.items()}


def small_talk(rng: Random, _: StoryBook) -> Dialogue:
    questions, answers = rng.choice(list(facts.SMALL_TALK.values()))
    return turn(rng.choice(questions.split("|")), rng.choice(answers.split("|")))


def opposite(rng: Random, _: StoryBook) -> Dialogue:
    word, other = rng.sample(rng.choice(OPPOSITES), 2)
    question = pick(rng, f"What is the opposite of {word}?", f"What's the opposite of {word}?",
                    f"Which word is the opposite of {word}?", f"Tell me the opposite of {word}.",
                    f'What is the opposite of the word "{word}"?', f"Give me the opposite of {word}.")
    return word_or_sentence(rng, question, other, f"The opposite of {word} is {other}")


def animal(rng: Random, _: StoryBook) -> Dialogue:
    beast = rng.choice(ANIMALS)
    the = a(beast.name)
    match rng.randrange(7):
        case 0:
            question = pick(rng, f"What does {the} say?", f"What sound does {the} make?",
                            f"What noise does {the} make?", f"How does {the} sound?")
            return word_or_sentence(rng, question, beast.sound, f"{the} says {beast.sound}")
        case 1:
            question = pick(rng, f"What is a young {beast.name} called?", f"What do you call a baby {beast.name}?",
                            f"What is the young of {the} called?")
            return word_or_sentence(rng, question, beast.young, f"A young {beast.name} is called {a(beast.young)}")
        case 2:
            question = pick(rng, f"Where does {the} live?", f"What is the home of {the}?", f"Where can I find {the}?")
            return turn(ask(rng, question), sentence(f"{the} lives in {beast.home}"))
        case 3:
            question = pick(rng, f"What does {the} eat?", f"What do I feed {the}?", f"What is the food of {the}?")
            return turn(ask(rng, question), sentence(f"{the} eats {beast.food}"))
        case 4:
            legs = "no" if beast.legs == "0" else facts.LISTS_TO_COUNT[int(beast.legs) - 1]
            question = pick(rng, f"How many legs does {the} have?", f"How many legs has {the}?")
            return word_or_sentence(rng, question, legs if legs != "no" else "none", f"{the} has {legs} legs")
        case 5:
            question = pick(rng, f"What colour is {the}?", f"What color is {the}?", f"Which colour has {the}?")
            return word_or_sentence(rng, question, beast.colour, f"{the} is {beast.colour}")
        case _:
            able = beast.name in facts.CAN_FLY.split()
            verb = "fly"
            if beast.name in facts.CAN_SWIM.split() and rng.random() < 0.5:
                able, verb = True, "swim"
            answer = f"Yes, {the} can {verb}." if able else f"No, {the} cannot {verb}."
            return turn(ask(rng, f"Can {the} {verb}?"), answer)


def compare(rng: Random, _: StoryBook) -> Dialogue:
    one, two = rng.sample(ANIMALS, 2)
    if one.size == two.size:
        return compare(rng, _)
    big, small = (one, two) if one.size > two.size else (two, one)
    bigger = rng.random() < 0.5
    first, second = (big, small) if bigger else (small, big)
    word = "bigger" if bigger else "smaller"
    question = pick(rng, f"Which is {word}, {a(one.name)} or {a(two.name)}?",
                    f"What is {word}, {a(one.name)} or {a(two.name)}?",
                    f"Is {a(one.name)} {word} than {a(two.name)}?")
    full = f"{a(first.name)} is {word} than {a(second.name)}"
    if question.startswith("Is"):
        return turn(ask(rng, question), f"{'Yes' if first is one else 'No'}, {full}.")
    return word_or_sentence(rng, question, a(first.name), full)


def describe_animal(rng: Random, _: StoryBook) -> Dialogue:
    beast = rng.choice(ANIMALS)
    the = a(beast.name)
    kind = "bird" if beast.name in CATEGORIES["bird"] else "animal"
    size = "small" if beast.size < 4 else "large" if beast.size > 6 else ""
    described = sentence(f"{the} is {a(f'{size} {kind}'.strip())} that lives in {beast.home}")
    more = rng.sample([f"It eats {beast.food}.", f"Its young is called {a(beast.young)}.", f"It says {beast.sound}.",
                       f"It is often {beast.colour}."], 2)
    question = pick(rng, f"What is {the}?", f"Describe {the}.", f"Tell me about the {beast.name}.",
                    f"What do you know about {beast.name}s?", f"Tell me something about {the}.")
    return turn(ask(rng, question), " ".join([described, *more]))


def colour(rng: Random, _: StoryBook) -> Dialogue:
    thing, shade = rng.choice(COLOURS)
    question = pick(rng, f"What colour is {thing}?", f"What color is {thing}?", f"Which colour does {thing} have?",
                    f"Tell me the colour of {thing}.")
    if rng.random() < 0.2:
        other = rng.choice([other for other in facts.PLAIN_COLOURS if other != shade])
        asked = rng.choice([shade, other])
        answer = f"Yes, {thing} is {shade}." if asked == shade else f"No, {thing} is {shade}."
        return turn(ask(rng, f"Is {thing} {asked}?"), answer)
    return word_or_sentence(rng, question, shade, f"{thing} is {shade}")


def category(rng: Random, _: StoryBook) -> Dialogue:
    name, members = rng.choice(list(CATEGORIES.items()))
    count = rng.choice([1, 1, 2, 3, 3, 4, 5])
    chosen = rng.sample(members, min(count, len(members)))
    plural = {"month": "months", "day of the week": "days of the week", "part of the body": "parts of the body",
              "piece of furniture": "pieces of furniture"}.get(name, name + "s")
    if count == 1:
        question = pick(rng, f"Name {a(name)}.", f"Give me the name of {a(name)}.", f"Tell me {a(name)}.",
                        f"Think of {a(name)}.", f"Say the name of {a(name)}.")
        return turn(order(rng, question), sentence(chosen[0]))
    number = facts.LISTS_TO_COUNT[len(chosen) - 1]
    if rng.random() < 0.3:
        question = pick(rng, f"List {number} {plural}.", f"Make a list of {number} {plural}.",
                        f"Write a list of {number} {plural}.")
        return turn(order(rng, question), "\n".join(f"{i}. {member}" for i, member in enumerate(chosen, 1)))
    question = pick(rng, f"Name {number} {plural}.", f"Tell me {number} {plural}.", f"Give me {number} {plural}.")
    return turn(order(rng, question), sentence(join(chosen)))


def belongs(rng: Random, _: StoryBook) -> Dialogue:
    name, other = rng.sample(["animal", "bird", "fruit", "vegetable", "flower", "tree", "drink", "tool", "garment"], 2)
    member = rng.choice(CATEGORIES[name])
    match rng.randrange(3):
        case 0:
            if rng.random() < 0.5:
                return turn(ask(rng, f"Is {a(member)} {a(name)}?"), sentence(f"yes, {a(member)} is {a(name)}"))
            return turn(ask(rng, f"Is {a(member)} {a(other)}?"),
                        sentence(f"no, {a(member)} is not {a(other)}, it is {a(name)}"))
        case 1:
            options = [name, other] if rng.random() < 0.5 else [other, name]
            return turn(ask(rng, f"Is {a(member)} {a(options[0])} or {a(options[1])}?"),
                        sentence(f"{a(member)} is {a(name)}"))
        case _:
            listed = rng.sample(CATEGORIES[other], 2) + [member]
            rng.shuffle(listed)
            question = pick(rng, f"Which of these is {a(name)}: {', '.join(listed)}?",
                            f"Which one is {a(name)}: {', '.join(listed)}?",
                            f"Find the {name}: {', '.join(listed)}.")
            return word_or_sentence(rng, question, member, f"the {member} is {a(name)}")


def definition(rng: Random, _: StoryBook) -> Dialogue:
    word, meaning = rng.choice(records(facts.DEFINITIONS))
    the = word if word in {"rain", "snow", "ice", "wind", "thunder", "honey", "bread", "wool", "fire"} else a(word)
    question = pick(rng, f"What is {the}?", f"What does the word {word} mean?", f"What does {word} mean?",
                    f"Explain what {the} is.", f"What is the meaning of {word}?", f"Tell me what {the} is.",
                    f'Define "{word}".', f"What's {the}?")
    return turn(ask(rng, question), sentence(f"{the} is {meaning}"))


def why(rng: Random, _: StoryBook) -> Dialogue:
    question, reason = rng.choice(records(facts.WHY))
    asked = f"Why {question}?"
    if question.startswith("do ") and rng.random() < 0.3:
        asked = f"Tell me why {question.removeprefix('do ')}."
    return turn(ask(rng, asked), sentence(pick(rng, "Because ", "Because ", "It is because ") + reason))


def how_to(rng: Random, _: StoryBook) -> Dialogue:
    task, steps = rng.choice(records(facts.HOW_TO))
    question = pick(rng, f"How do I {task}?", f"How can I {task}?", f"Tell me how to {task}.", f"How to {task}?",
                    f"I want to {task}. What must I do?", f"What is a good way to {task}?", f"Explain how to {task}.")
    return turn(ask(rng, question), steps)


def job(rng: Random, _: StoryBook) -> Dialogue:
    name, duty = rng.choice(split(facts.JOBS)).split(" ", 1)
    if rng.random() < 0.3:
        return word_or_sentence(rng, f"Who {duty}?", a(name), f"{a(name)} {duty}")
    question = pick(rng, f"What does {a(name)} do?", f"What is the work of {a(name)}?",
                    f"What is the job of {a(name)}?")
    return turn(ask(rng, question), sentence(f"{a(name)} {duty}"))


def use(rng: Random, _: StoryBook) -> Dialogue:
    name, purpose = rng.choice(split(facts.USES)).split(" ", 1)
    the = name if name in {"soap", "scissors"} else a(name)
    question = pick(rng, f"What do I do with {the}?", f"What do you do with {the}?", f"What is the use of {the}?",
                    f"What can I do with {the}?")
    if rng.random() < 0.3:
        return word_or_sentence(rng, f"What do I need to {purpose}?", the, f"to {purpose} you need {the}")
    return turn(ask(rng, question), sentence(f"with {the} you can {purpose}"))


def sense(rng: Random, _: StoryBook) -> Dialogue:
    part, verb = rng.choice(split(facts.SENSES)).split(" ", 1)
    question = pick(rng, f"What do we {verb} with?", f"With what do you {verb}?", f"What do people use to {verb}?")
    return word_or_sentence(rng, question, part, f"we {verb} with our {part}")


def grammar(rng: Random, _: StoryBook) -> Dialogue:
    if rng.random() < 0.5:
        one, many = rng.choice(PLURALS)
        question = pick(rng, f"What is the plural of {one}?", f"One {one}, two what?", f"Give me the plural of {one}.",
                        f"What do you call more than one {one}?")
        return word_or_sentence(rng, question, many, f"one {one}, two {many}")
    now, then = rng.choice(PAST)
    question = pick(rng, f"What is the past tense of {now}?", f"What is the past of {now}?",
                    f"Today I {now}. What about yesterday?", f"Put {now} into the past.")
    return word_or_sentence(rng, question, then, f"today I {now}, yesterday I {then}")


def rhyme(rng: Random, _: StoryBook) -> Dialogue:
    word, *others = rng.sample(rng.choice(RHYMES), 4)
    if rng.random() < 0.3:
        question = pick(rng, f"Give me three words that rhyme with {word}.", f"Name some rhymes for {word}.")
        return turn(order(rng, question), sentence(join(others)))
    question = pick(rng, f"What rhymes with {word}?", f"Give me a rhyme for {word}.", f"Which word rhymes with {word}?",
                    f"Find a word that rhymes with {word}.")
    return word_or_sentence(rng, question, others[0], f"{word} rhymes with {others[0]}")


def capital(rng: Random, _: StoryBook) -> Dialogue:
    country, city = rng.choice(CAPITALS)
    if rng.random() < 0.25:
        return word_or_sentence(rng, f"In which country is {city}?", country, f"{city} is in {country}")
    question = pick(rng, f"What is the capital of {country}?", f"Which city is the capital of {country}?",
                    f"What's the capital of {country}?")
    return word_or_sentence(rng, question, city, f"the capital of {country} is {city}")


def book_talk(rng: Random, _: StoryBook) -> Dialogue:
    title, author, hero, about = rng.choice(records(facts.BOOKS))
    match rng.randrange(3):
        case 0:
            question = pick(rng, f"Who wrote {title}?", f"Who is the author of {title}?", f'Who wrote "{title}"?')
            return turn(ask(rng, question), f"{title} was written by {author}.")
        case 1:
            question = pick(rng, f"Who is the hero of {title}?", f"Who is {title} about?")
            return turn(ask(rng, question), f"{title} tells of {hero}.")
        case _:
            question = pick(rng, f"What is {title} about?", f"What happens in {title}?", f"Tell me about {title}.")
            return turn(ask(rng, question), f"It is about {about}.")


def tale_talk(rng: Random, _: StoryBook) -> Dialogue:
    name, about = rng.choice(records(facts.TALES))
    question = pick(rng, f"Who is {name}?", f"Do you know {name}?", f"Tell me about {name}.", f"Who was {name}?")
    return turn(ask(rng, question), sentence(f"{name} is {about}"))


def plain_fact(rng: Random, _: StoryBook) -> Dialogue:
    question, answer = rng.choice(records(facts.YEAR_FACTS))
    return turn(ask(rng, question), answer)


def suggest(rng: Random, _: StoryBook) -> Dialogue:
    """A name for something, or one of two things."""
    beast = rng.choice(ANIMALS).name
    if rng.random() < 0.5:
        question = pick(rng, f"What should I call my {beast}?", f"Give me a name for my {beast}.",
                        f"I need a name for {a(beast)}.", f"Which name is good for {a(beast)}?")
        name = rng.choice(facts.NAMES)
        return turn(question, pick(rng, f"You could call it {name}.", f"{name} is a good name.", f"How about {name}?"))
    one, two = rng.sample(rng.choice([CATEGORIES[kind] for kind in ("fruit", "food", "drink", "colour", "toy")]), 2)
    chosen = rng.choice([one, two])
    question = pick(rng, f"Which do you like better, {one} or {two}?", f"Shall I take {one} or {two}?",
                    f"{one} or {two}?")
    return turn(question, pick(rng, f"I would take {chosen}.", f"I like {chosen} better.", sentence(chosen)))


def letter(rng: Random, _: StoryBook) -> Dialogue:
    """A short letter to someone, about something."""
    reader = rng.choice([*facts.NAMES, "my mother", "my aunt", "my friend", "my teacher", "the king"])
    purpose, body = rng.choice(records(facts.LETTERS))
    question = pick(rng, f"Write a letter to {reader} {purpose}.", f"Write a short letter to {reader} {purpose}.",
                    f"Write a note to {reader} {purpose}.", f"Help me write to {reader} {purpose}.")
    dear = reader.removeprefix("my ").removeprefix("the ").capitalize()
    return turn(ask(rng, question), f"Dear {dear},\n{body}\nYours, {rng.choice(facts.NAMES)}")


def scene(rng: Random, _: StoryBook) -> Dialogue:
    place, sight = rng.choice(records(facts.SCENES))
    question = pick(rng, f"Describe a {place}.", f"What do you see in a {place}?",
                    f"Tell me what a {place} looks like.",
                    f"Write a few lines about a {place}.", f"What is it like in a {place}?")
    return turn(ask(rng, question), sight)


def unknown(rng: Random, _: StoryBook) -> Dialogue:
    question = rng.choice(split(facts.UNKNOWN)).format(rng.choice(split(facts.UNKNOWN_THINGS)))
    return turn(ask(rng, question), rng.choice(facts.UNKNOWN_ANSWERS.split("|")))


# -- Skills: letters and numbers -------------------------------------------------------------------------------------


def spell(rng: Random, book: StoryBook) -> Dialogue:
    word = rng.choice(book.words[:400])
    question = pick(rng, f"Spell the word {word}.", f"Spell {word}.", f"How do you spell {word}?",
                    f'How is the word "{word}" spelled?', f"What are the letters of {word}?")
    return turn(ask(rng, question), "-".join(word))


def letters(rng: Random, book: StoryBook) -> Dialogue:
    word = rng.choice(book.words[:400])
    place, letter = rng.choice([("first", word[0]), ("last", word[-1])])
    verb = {"first": "begin", "last": "end"}[place]
    question = pick(rng, f"What is the {place} letter of {word}?", f"Which letter does {word} {verb} with?",
                    f"With which letter does the word {word} {verb}?")
    return word_or_sentence(rng, question, letter, f"the {place} letter of {word} is {letter}")


def count(rng: Random, _: StoryBook) -> Dialogue:
    low = rng.randrange(0, 15)
    high = low + rng.randrange(2, 9)
    up = [str(number) for number in range(low, high + 1)]
    match rng.randrange(5):
        case 0:
            question = pick(rng, f"Count from {high} down to {low}.", f"Count down from {high} to {low}.",
                            f"Count backwards from {high} to {low}.")
            return turn(order(rng, question), ", ".join(reversed(up)) + ".")
        case 1:
            top = rng.randrange(3, 13)
            question = pick(rng, f"Count to {top}.", f"Count up to {top}.", f"Can you count to {top}?")
            return turn(question, ", ".join(str(number) for number in range(1, top + 1)) + ".")
        case 2:
            number = rng.randrange(1, 60)
            after = rng.random() < 0.5
            question = pick(rng, f"What number comes {'after' if after else 'before'} {number}?",
                            f"Which number is {'after' if after else 'before'} {number}?")
            found = number + 1 if after else number - 1
            return word_or_sentence(rng, question, str(found),
                                    f"{found} comes {'after' if after else 'before'} {number}")
        case _:
            question = pick(rng, f"Count from {low} to {high}.", f"Count {low} to {high}.",
                            f"Say the numbers from {low} to {high}.", f"Write the numbers from {low} to {high}.")
            return turn(order(rng, question), ", ".join(up) + ".")


def addition(rng: Random, _: StoryBook) -> Dialogue:
    one, two = rng.randrange(0, 11), rng.randrange(0, 11)
    if rng.random() < 0.3:
        one, two = max(one, two), min(one, two)
        question = pick(rng, f"What is {one} minus {two}?", f"How much is {one} minus {two}?", f"{one} - {two}",
                        f"What is {one} - {two}?", f"Take {two} from {one}.")
        return word_or_sentence(rng, question, str(one - two), f"{one} minus {two} is {one - two}")
    question = pick(rng, f"What is {one} plus {two}?", f"How much is {one} plus {two}?", f"{one} + {two}",
                    f"What is {one} + {two}?", f"Add {one} and {two}.", f"{one} and {two}, how much is that?")
    return word_or_sentence(rng, question, str(one + two), f"{one} plus {two} is {one + two}")


def sum_story(rng: Random, _: StoryBook) -> Dialogue:
    name, thing = rng.choice(facts.NAMES), rng.choice(["apple", "egg", "nut", "coin", "stone", "flower", "book",
                                                       "pear"])
    one, two = rng.randrange(2, 8), rng.randrange(1, 6)
    he = "she" if name in facts.GIRLS else "he"
    told = f"{name} has {one} {thing}s. "
    if rng.random() < 0.5:
        total = one + two
        told += pick(rng, f"Then {he} finds {two} more.", f"A friend gives {name} {two} more.")
    else:
        two = min(two, one - 1)
        total = one - two
        told += pick(rng, f"Then {he} loses {two}.", f"Then {he} gives {two} away.")
    return turn(f"{told} How many {thing}s does {he} have now?", f"{name} has {total} {thing}{'s' * (total != 1)} now.")


def too_hard(rng: Random, _: StoryBook) -> Dialogue:
    one, two = rng.randrange(120, 10_000), rng.randrange(13, 1000)
    question = pick(rng, f"What is {one} times {two}?", f"How much is {one} times {two}?", f"What is {one} plus {two}?",
                    f"Divide {one} by {two}.", f"{one} * {two}")
    return turn(ask(rng, question), rng.choice(facts.TOO_HARD.split("|")))


def larger(rng: Random, _: StoryBook) -> Dialogue:
    numbers = rng.sample(range(1, 60), 2)
    word, best = rng.choice([("larger", max(numbers)), ("smaller", min(numbers))])
    other = sum(numbers) - best
    question = pick(rng, f"Which is {word}, {numbers[0]} or {numbers[1]}?",
                    f"Which number is {word}: {numbers[0]} or {numbers[1]}?")
    return word_or_sentence(rng, question, str(best), f"{best} is {word} than {other}")


def calendar(rng: Random, _: StoryBook) -> Dialogue:
    kind = rng.choice(["day of the week", "month", "season"])
    members = CATEGORIES[kind]
    noun = {"day of the week": "day"}.get(kind, kind)
    if rng.random() < 0.2:
        plural = {"day of the week": "days of the week", "month": "months of the year", "season": "seasons"}[kind]
        question = pick(rng, f"What are the {plural}?", f"Name the {plural}.", f"Tell me all the {plural}.")
        return turn(question, f"The {plural} are {join(members)}.")
    here = rng.randrange(len(members))
    side, step = rng.choice([("after", 1), ("before", -1)])
    found = members[(here + step) % len(members)]
    question = pick(rng, f"What comes {side} {members[here]}?", f"Which {noun} comes {side} {members[here]}?",
                    f"What {noun} is {side} {members[here]}?")
    return word_or_sentence(rng, question, found, f"{found} comes {side} {members[here]}")


# -- Skills: following an order on given words -----------------------------------------------------------------------


def repeat(rng: Random, book: StoryBook) -> Dialogue:
    text = rng.choice(book.sentences) if rng.random() < 0.6 else join(rng.sample(book.words, rng.randrange(1, 5)))
    if rng.random() < 0.2:
        return turn(pick(rng, f"Say this twice: {text}", f"Repeat this two times: {text}", f"Write twice: {text}"),
                    f"{text} {text}")
    return turn(pick(rng, f"Repeat after me: {text}", f"Say this: {text}", f"Repeat this: {text}", f"Copy this: {text}",
                     f"Please repeat: {text}", f'Say "{text}"', f"Write this down: {text}",
                     f"Say after me: {text}"), text)


def arrange(rng: Random, book: StoryBook) -> Dialogue:
    listed = rng.sample(book.words[:400] if rng.random() < 0.5 else facts.THINGS, rng.randrange(3, 6))
    shown = ", ".join(listed)
    match rng.randrange(5):
        case 0:
            question = pick(rng, f"Put these words in alphabetical order: {shown}", f"Sort these words: {shown}")
            return turn(question, ", ".join(sorted(listed)))
        case 1:
            question = pick(rng, f"Reverse this list: {shown}", f"Say these words backwards: {shown}",
                            f"Turn this list around: {shown}")
            return turn(question, ", ".join(reversed(listed)))
        case 2:
            return turn(pick(rng, f"What is the first word in this list? {shown}",
                             f"Which word comes first here: {shown}?"), sentence(listed[0]))
        case 3:
            return turn(pick(rng, f"What is the last word in this list? {shown}",
                             f"Which word comes last here: {shown}?"), sentence(listed[-1]))
        case _:
            number = facts.LISTS_TO_COUNT[len(listed) - 1]
            return turn(pick(rng, f"How many words are in this list? {shown}", f"How many words are these: {shown}?"),
                        f"There are {number} words.")


def sentence_with(rng: Random, book: StoryBook) -> Dialogue:
    text = rng.choice(book.sentences)
    nouns = [word for word in re.findall(r"\b[a-z]{4,8}\b", text) if word in COMMON_NOUNS]
    if not nouns:
        return sentence_with(rng, book)
    word = rng.choice(nouns)
    question = pick(rng, f"Write a sentence with the word {word}.", f"Make a sentence with {word}.",
                    f'Use the word "{word}" in a sentence.', f"Write a sentence about {a(word)}.",
                    f"Give me a sentence with the word {word}.", f"Write one line about {a(word)}.")
    return turn(order(rng, question), text)


COMMON_NOUNS = set("""
king queen prince princess house garden forest river mountain horse bird child father mother brother sister night
morning door window fire water tree flower road ship castle table bread heart hand face voice stone gold silver
wolf lion mouse goat duck fairy giant witch girl woman people friend story world room head eyes moon star light
""".split())


def continue_story(rng: Random, book: StoryBook) -> Dialogue:
    passage = rng.choice(book.passages)
    cut = rng.randrange(1, min(len(passage), 4))
    start, rest = " ".join(passage[:cut]), " ".join(passage[cut : cut + rng.randrange(1, 4)])
    if len(start) > 500 or len(rest) > 600:
        return continue_story(rng, book)
    question = pick(rng, f"Continue this story: {start}", f"Go on with the story: {start}",
                    f"What happens next? {start}",
                    f"{start}\n\nContinue.", f"Write the next sentences.\n\n{start}", f"Continue: {start}",
                    f"Please go on: {start}", f"How does it go on?\n{start}", f"Continue the text.\n{start}")
    return turn(question, rest)


def finish_sentence(rng: Random, book: StoryBook) -> Dialogue:
    words = rng.choice(book.sentences).split(" ")
    cut = rng.randrange(3, max(4, len(words) - 2))
    start, rest = " ".join(words[:cut]), " ".join(words[cut:])
    question = pick(rng, f"Finish this sentence: {start}", f"Complete the sentence: {start}", f"Finish: {start} ...",
                    f"{start} ... Finish the sentence.", f"How does this sentence end? {start}", f"Complete: {start}")
    return turn(question, rest if rng.random() < 0.5 else f"{start} {rest}")


def who_said(rng: Random, book: StoryBook) -> Dialogue:
    passage, speaker = rng.choice(book.speeches)
    question = pick(rng, "Who said this?", "Who is speaking?", "Who says that?", "Who spoke?")
    shown = pick(rng, f"{passage}\n\n{question}", f"{question}\n{passage}", f"Read this: {passage} {question}")
    return word_or_sentence(rng, shown, speaker, pick(rng, f"{speaker} said it", f"it was {speaker}", speaker))


def reading(rng: Random, _: StoryBook) -> Dialogue:
    """A made-up scene of a few facts, and questions whose answers stand in it."""
    names, things = rng.sample(facts.NAMES, 3), rng.sample(facts.THINGS, 3)
    colours, spots = rng.sample(facts.PLAIN_COLOURS, 3), rng.sample(facts.SPOTS, 3)
    scene: list[str] = []
    asked: list[tuple[str, str, str]] = []
    for name, thing, shade, spot in list(zip(names, things, colours, spots, strict=True))[: rng.randrange(1, 4)]:
        verb = pick(rng, "has", "found", "likes", "bought", "lost", "carries")
        base = {"has": "have", "found": "find", "likes": "like", "bought": "buy", "lost": "lose",
                "carries": "carry"}[verb]
        do = "does" if verb in {"has", "likes", "carries"} else "did"
        scene.append(f"{name} {verb} {a(f'{shade} {thing}')}.")
        asked += [
            (f"What {do} {name} {base}?", a(f"{shade} {thing}"), f"{name} {verb} {a(f'{shade} {thing}')}"),
            (f"What colour is the {thing}?", shade, f"the {thing} is {shade}"),
            (f"Who {verb} the {thing}?", name, f"{name} {verb} the {thing}"),
            (f"Who {verb} {a(thing)}?", name, f"{name} {verb} {a(thing)}"),
        ]
        if rng.random() < 0.6:
            scene.append(f"The {thing} is {spot}.")
            asked += [(f"Where is the {thing}?", spot, f"the {thing} is {spot}"),
                      (f"What is {spot}?", f"the {thing}", f"the {thing} is {spot}")]
    questions = rng.sample(asked, rng.choice([1, 1, 1, 2, 3]))
    told = " ".join(scene)
    question, word, full = questions[0]
    opening = pick(rng, f"{told} {question}", f"{told}\n\n{question}", f"Read this: {told}\nNow tell me: {question}",
                   f"{told}\nQuestion: {question}", f"{question}\n{told}", f"Here is a story. {told} {question}")
    chat = word_or_sentence(rng, opening, word, full)
    brief = chat[-1]["content"] == sentence(word)
    for question, word, full in questions[1:]:
        chat += turn(question, sentence(word if brief else full))
    return chat


# -- Skills: stories and poems ---------------------------------------------------------------------------------------


def tell_story(rng: Random, _: StoryBook) -> Dialogue:
    hero, quality = rng.choice(facts.STORY_HEROES), rng.choice(facts.STORY_QUALITIES)
    question = pick(rng, f"Tell me a story about {a(hero)}.", f"Write a short story about {a(hero)}.",
                    "Tell me a story.",
                    f"Tell me about {a(f'{quality} {hero}')}.", f"Make up a story about {a(f'{quality} {hero}')}.",
                    f"Do you know a story about {a(hero)}?", "Write a story.", "Do you know a story?",
                    "Tell me a short tale.", f"Give me a tale of {a(hero)}.",
                    "Tell me a bedtime story.", f"Write a tale about {a(hero)}.")
    return turn(ask(rng, question), story(rng, hero, quality))


def story(rng: Random, hero: str, quality: str) -> str:
    female = hero in {"hen", "girl", "princess", "fairy", "witch"} or (
        hero in {"mouse", "cat", "duck", "goat", "owl", "rabbit"} and rng.random() < 0.5)
    he, him, his = ("she", "her", "her") if female else ("he", "him", "his")
    wish, helper = rng.choice(facts.STORY_WISHES), rng.choice(facts.STORY_HELPERS)
    trouble, gift = rng.choice(facts.STORY_TROUBLES), rng.choice(facts.STORY_GIFTS)
    place, lesson = rng.choice(facts.PLACES), rng.choice(facts.STORY_LESSONS)
    name = rng.choice(sorted(facts.GIRLS)) if female else rng.choice([n for n in facts.NAMES if n not in facts.GIRLS])
    named = rng.random() < 0.5
    the = name if named else f"the {hero}"
    calling = f" whose name was {name}" if named else ""

    opening = pick(rng, f"Once upon a time there was {a(f'{quality} {hero}')}{calling}.",
                   f"There was once {a(f'{quality} {hero}')}{calling} who lived near a {place}.",
                   f"Long ago, near {a(place)}, there lived {a(f'{quality} {hero}')}{calling}.",
                   f"In {a(place)} far away lived {a(f'{quality} {hero}')}{calling}.")
    longing = pick(rng, f"{he} wished for nothing so much as {wish}.", f"More than anything, {he} wanted {wish}.",
                   f"Every night {he} dreamed that {he} was going {wish}.", f"All day long {he} thought of how {wish}.")
    leaving = pick(rng, f"So one morning {he} took {his} bag and set out into the world.",
                   f'"I will go and try," said {the}, and off {he} went.',
                   f"One fine day {the} said goodbye and walked down the road.")
    hindrance = pick(rng, f"But on the way {trouble}.", f"{he} had not gone far when {trouble}.",
                     f"Then {trouble}, and {the} was afraid.")
    meeting = pick(rng, f"Just then {helper} came by. \"Why are you so sad?\" asked the stranger.",
                   f"There {he} met {helper}, who was hungry, and {the} shared {his} bread.",
                   f"By the road sat {helper}. \"Help me,\" said the stranger, \"and I will help you.\"")
    giving = pick(rng, f"And for this {he} was given {gift}.",
                  f'"Take {gift}," said the stranger, "and do not be afraid."',
                  f"The stranger gave {him} {gift} and showed {him} the way.")
    ending = pick(rng, f"So in the end {the} had {his} wish, and {he} lived happily ever after.",
                  f"With it {the} came safely through, and {he} was glad all {his} life.",
                  f"Then {the} went home and told everyone what {he} had seen.",
                  f"That is how {the} learned that {lesson}.")
    parts = [opening, longing, leaving, hindrance, meeting, giving, ending]
    if rng.random() < 0.3:
        parts = [opening, longing, hindrance, meeting, ending]
    return " ".join(sentence(part) for part in parts)


def poem(rng: Random, _: StoryBook) -> Dialogue:
    subject, couplets = rng.choice(list(facts.POEM_LINES.items()))
    question = pick(rng, f"Write a poem about {subject}.", f"Make a rhyme about {subject}.",
                    f"Write a verse about {subject}.",
                    f"Tell me a poem about {subject}.", f"Do you know a poem about {subject}?", "Write a poem.",
                    "Tell me a poem.")
    chosen = couplets if rng.random() < 0.7 else (rng.choice(couplets),)
    return turn(ask(rng, question), "\n".join(couplets_to_lines(chosen)))


def couplets_to_lines(couplets: tuple[str, ...]) -> list[str]:
    return [line for couplet in couplets for line in couplet.split("|")]


# -- Skills: more than one turn --------------------------------------------------------------------------------------


def remember(rng: Random, book: StoryBook) -> Dialogue:
    """The user says something about themselves, perhaps talks of something else, and asks for it."""
    name, thing, shade = rng.choice(facts.NAMES), rng.choice(facts.THINGS), rng.choice(facts.PLAIN_COLOURS)
    creature = rng.choice(ANIMALS).name
    told, reply, asked, answer = rng.choice([
        (pick(rng, f"My name is {name}.", f"I am {name}.", f"Hello, I am {name}.", f"Call me {name}.", f"I'm {name}."),
         pick(rng, f"Hello, {name}!", f"Nice to meet you, {name}.", f"Good day, {name}. How can I help you?"),
         pick(rng, "What is my name?", "Do you know my name?", "Who am I?", "What am I called?"),
         pick(rng, f"Your name is {name}.", f"You are {name}.")),
        (pick(rng, f"I have {a(f'{shade} {thing}')}.", f"Look, I found {a(f'{shade} {thing}')}!"),
         pick(rng, f"What a nice {thing}!", f"{a(f'{shade} {thing}').capitalize()}! How lovely.", "That is nice."),
         pick(rng, f"What colour is my {thing}?", f"Do you know the colour of my {thing}?"),
         f"Your {thing} is {shade}."),
        (pick(rng, f"My favourite colour is {shade}.", f"I like {shade} best."),
         pick(rng, f"{shade.capitalize()} is a fine colour.", "That is a beautiful colour."),
         pick(rng, "What is my favourite colour?", "Which colour do I like?"), f"Your favourite colour is {shade}."),
        (pick(rng, f"I have a {creature} called {name}.", f"My {creature} is called {name}."),
         pick(rng, f"{name} is a fine name for {a(creature)}.", f"How nice! I should like to meet {name}."),
         pick(rng, f"What is the name of my {creature}?", f"What is my {creature} called?"),
         f"Your {creature} is called {name}."),
    ])
    between = single(rng, book) if rng.random() < 0.3 else []
    return [*turn(told, reply), *between, *turn(asked, answer)]


def follow_up(rng: Random, _: StoryBook) -> Dialogue:
    """A second question that only makes sense after the first."""
    match rng.randrange(4):
        case 0:
            (one, first), (two, second) = (rng.sample(pair, 2) for pair in rng.sample(OPPOSITES, 2))
            return [*turn(f"What is the opposite of {one}?", f"The opposite of {one} is {first}."),
                    *turn(pick(rng, f"And of {two}?", f"And {two}?", f"What about {two}?"),
                          f"The opposite of {two} is {second}.")]
        case 1:
            here, there = rng.sample(ANIMALS, 2)
            return [*turn(f"What does {a(here.name)} say?", sentence(f"{a(here.name)} says {here.sound}")),
                    *turn(pick(rng, f"And {a(there.name)}?", f"What about {a(there.name)}?"),
                          sentence(f"{a(there.name)} says {there.sound}"))]
        case 2:
            (one, first), (two, second) = rng.sample(COLOURS, 2)
            return [*turn(f"What colour is {one}?", sentence(f"{one} is {first}")),
                    *turn(pick(rng, f"And {two}?", f"What about {two}?"), sentence(f"{two} is {second}"))]
        case _:
            name, members = rng.choice(list(CATEGORIES.items()))
            first, *others = rng.sample(members, 3)
            chat = turn(f"Name {a(name)}.", sentence(first))
            for other in others:
                more = pick(rng, "Another one.", "And another?", "One more, please.", "Name another.")
                chat += turn(more, sentence(other))
            return chat


def persona(rng: Random, _: StoryBook) -> Dialogue:
    """A system message that gives a name and a calling, and questions about them."""
    name, role = rng.choice(facts.NAMES), rng.choice([hero for hero in facts.STORY_HEROES if hero not in {"boy",
                                                                                                          "girl"}])
    place = rng.choice(facts.PLACES)
    system = pick(rng, f"You are {name}, {a(role)}.", f"You are {a(role)} called {name}. You live near {a(place)}.",
                  f"Your name is {name} and you are {a(role)} who lives near {a(place)}.", f"Play {name} the {role}.")
    chat: Dialogue = [{"role": "system", "content": system}]
    questions = [(pick(rng, "What is your name?", "Who are you?", "What are you called?"),
                  pick(rng, f"I am {name}, the {role}.", f"My name is {name}.")),
                 (pick(rng, "What are you?", "Are you a person?"), f"I am {a(role)}.")]
    if place in system:
        questions.append((pick(rng, "Where do you live?", "Where is your home?"), f"I live near {a(place)}."))
    for question, answer in rng.sample(questions, rng.randrange(1, len(questions) + 1)):
        chat += turn(question, answer)
    return chat


# -- The list --------------------------------------------------------------------------------------------------------

Skill = Callable[[Random, StoryBook], Dialogue]

SKILLS: dict[Skill, float] = {
    small_talk: 10, opposite: 4, animal: 6, compare: 2, describe_animal: 3, colour: 3, category: 4, belongs: 3,
    definition: 6, why: 2, how_to: 2.5, job: 2, use: 2, sense: 1, grammar: 3, rhyme: 2, capital: 1.5, book_talk: 2,
    tale_talk: 1.5, plain_fact: 4, suggest: 1.5, letter: 2, scene: 2, unknown: 4,
    spell: 4, letters: 2, count: 5, addition: 6, sum_story: 2, too_hard: 1, larger: 1.5, calendar: 2,
    repeat: 4, arrange: 3, sentence_with: 4, continue_story: 10, finish_sentence: 5,
    who_said: 3, reading: 9, tell_story: 8, poem: 2, remember: 4, follow_up: 3, persona: 2,
}  # fmt: skip

ALONE = {persona, remember}
"""Skills whose dialogues are whole chats and are not joined to others."""


def single(rng: Random, book: StoryBook) -> Dialogue:
    """One dialogue of one skill."""
    (skill,) = rng.choices(list(SKILLS), weights=list(SKILLS.values()))
    return skill(rng, book) if skill not in ALONE else single(rng, book)
