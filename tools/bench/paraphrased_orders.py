"""What a device makes of orders, as text, that are no sentence: right, asked about, or taken wrongly.

Played is all that follows a text that fits no sentence: classifier, values, and how surely. Values are taken
out of the grammar one by one; whoever orders one of them must be asked, not silently given another.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.routing.policy import RoutingPolicy, read_policy
from nearfield_edge.turn.content import Transcript
from nearfield_edge.understanding.guessing import GuessingInterpreter
from nearfield_edge.understanding.paraphrases import Lesson, Paraphrases
from nearfield_models.engines import load_embedding
from nearfield_models.grammar import Grammar, compile_grammar, match_text
from nearfield_models.intents import teaching_of
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_sync.messages.turn_record import Understanding
from tools.bench.phonetic import LEFT_OUT, sentences_of

Orders = Mapping[str, str]
"""Transcripts by the name of their recording."""


def play(orders: Orders, labels: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Count what becomes of the orders, with the whole grammar and with each value left out."""
    counts = {"whole grammar": asyncio.run(_played(orders, labels, None))}
    for slot, value in LEFT_OUT:
        named = {name: text for name, text in orders.items() if labels[name]["slots"].get(slot) == value}
        counts[f"without {value}"] = asyncio.run(_played(named, labels, (slot, value)))
    return counts


async def _played(
    orders: Orders, labels: Mapping[str, Any], left_out: tuple[str, str] | None
) -> dict[str, int]:
    grammar = compile_grammar([sentences_of("coffee", left_out), sentences_of("rooms")])
    executor, policy = InferenceExecutor(), read_policy(None)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as folder:
        paraphrases = Paraphrases(
            Lesson(
                folder=Path(folder),
                load_engine=partial(load_embedding, runtime=RuntimeOptions(threads=1)),
                teach=partial(teaching_of, grammar),
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
    return _acted(guess, wanted) if guess.confidence >= policy.paraphrase.act_confidence else "asked about"


def _acted(guess: Understanding, wanted: Mapping[str, object]) -> str:
    if guess.slots == wanted:
        return "right"
    # The skill asks for a drink that it was not told.
    return "taken wrongly" if "coffeeDrink" in guess.slots else "asked for the drink"
