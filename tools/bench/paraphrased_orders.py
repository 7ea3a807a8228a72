"""What a device makes of orders, as text, that are no sentence: right, asked about, or taken wrongly.

Who is asked about a sentence says yes where it is right, and denies it else. Played is all that follows a
text that fits no sentence: classifier, values, and how surely. Values are taken out of the grammar one by
one; whoever orders one of them must be asked, not silently given another.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import nearfield_edge
from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.routing.policy import RoutingPolicy, read_policy
from nearfield_edge.skills.examples import load_examples
from nearfield_edge.turn.content import Transcript
from nearfield_edge.understanding.guessing import GuessingInterpreter
from nearfield_edge.understanding.paraphrases import Lesson, Paraphrases
from nearfield_models.engines import load_embedding
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.intents import Example, teaching_of
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_sync.messages.turn_record import Understanding
from tools.bench.phonetic import LEFT_OUT, sentences_of

Orders = Mapping[str, str]
"""Transcripts by the name of their recording."""
SKILLS: Final = ("coffee", "rooms")
"""Those that need nothing of a site."""


def play(orders: Orders, labels: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Count what becomes of the orders, with the whole grammar and with each value left out."""
    counts = {"whole grammar": asyncio.run(_played(orders, labels, None))}
    for slot, value in LEFT_OUT:
        named = {name: text for name, text in orders.items() if labels[name]["slots"].get(slot) == value}
        counts[f"without {value}"] = asyncio.run(_played(named, labels, (slot, value)))
    return counts


def shipped_examples(sources: Sequence[SentenceSource], *, without: str | None = None) -> tuple[Example, ...]:
    """The examples of shipped skills.

    Args:
        sources: Their sentences.
        without: A value that no example shall name, as if the skill had never heard of it.
    """
    found = []
    for source in sources:
        folder = Path(nearfield_edge.__file__).parent / "shipped_skills" / source.skill
        given = load_examples(folder / "examples.yaml", source.templates["intents"], "en")
        found += [
            Example(skill=source.skill, intent=intent, text=text)
            for intent, texts in given.items()
            for text in texts
            if without is None or without not in text.casefold()
        ]
    return tuple(found)


async def _played(
    orders: Orders, labels: Mapping[str, Any], left_out: tuple[str, str] | None
) -> dict[str, int]:
    sources = [sentences_of(skill, left_out if skill == "coffee" else None) for skill in SKILLS]
    grammar = compile_grammar(sources)
    examples = shipped_examples(sources, without=None if left_out is None else left_out[1])
    executor, policy = InferenceExecutor(), read_policy(None)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as folder:
        paraphrases = Paraphrases(
            Lesson(
                folder=Path(folder),
                load_engine=partial(load_embedding, runtime=RuntimeOptions(threads=1)),
                teach=partial(teaching_of, grammar, examples),
                versions={},
            )
        )
        await paraphrases.learn()
        interpreter = GuessingInterpreter(executor, policy, paraphrases=paraphrases, by_sound=False)
        for name, text in orders.items():
            counts[await _outcome(grammar, interpreter, text, labels[name]["slots"], policy)] += 1
    executor.close()
    return dict(counts)


async def _outcome(
    grammar: Grammar,
    interpreter: GuessingInterpreter,
    text: str,
    wanted: Mapping[str, object],
    policy: RoutingPolicy,
) -> str:
    if match_text(grammar, text, limit=1):
        return "a sentence"
    guess = await interpreter.understand(grammar, Transcript(text=text), [{}])
    if guess is None:
        return "refused"
    if guess.confidence >= policy.paraphrase.act_confidence:
        return _acted(guess, wanted)
    if not guess.alternatives:
        return "to be said again"
    return "asked about, rightly" if guess.slots == wanted else "asked about, to be denied"


def _acted(guess: Understanding, wanted: Mapping[str, object]) -> str:
    if guess.slots == wanted:
        return "right"
    # The skill asks for a drink that it was not told.
    return "taken wrongly" if "coffeeDrink" in guess.slots else "asked for the drink"
