"""What the sentences of a search mean: readings, each with a meaning of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nearfield_models.decoding.beam import Found, Path, Step
from nearfield_models.decoding.calibration import Calibration, Evidence
from nearfield_models.decoding.engine import TokenTable
from nearfield_models.grammar.grammar import Grammar
from nearfield_models.grammar.matches import GrammarMatch
from nearfield_models.grammar.matching import match_text

MOST_TEXTS: Final = 12
"""Sentences of a search whose meaning is looked for."""
_LARGEST_MARGIN: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sentence of the grammar that may have been said."""

    text: str
    match: GrammarMatch
    context: int
    """Which of the contexts it is understood in."""
    rank: float
    evidence: Evidence
    confidence: float
    """The probability that it is what was said and meant."""


def readings_of(
    found: Found[Any],
    grammar: Grammar,
    table: TokenTable,
    calibration: Calibration,
    contexts: Sequence[Mapping[str, str]] = ({},),
    *,
    limit: int,
) -> tuple[Reading, ...]:
    """The best sentence for each meaning, the best meaning first.

    Args:
        found: What the search gave.
        grammar: What it searched in.
        table: The recogniser's tokens.
        calibration: How evidence becomes a probability.
        contexts: What is known of the conversation's threads, the latest first; a sentence means what it
            means in the first of them in which it means anything.
        limit: The most readings to give.
    """
    best: dict[str, tuple[str, _Meant, Path]] = {}
    seen: set[str] = set()
    for path in found.paths:
        text = table.decode(path.tokens).strip()
        said = "".join(filter(str.isalnum, text)).casefold()
        if said in seen:
            continue
        seen.add(said)
        meant = _meant(grammar, text, contexts)
        if meant is not None:
            best.setdefault(_meaning(meant.match), (text, meant, path))
        if len(best) == limit + 1 or len(seen) == MOST_TEXTS:
            break
    chosen = list(best.values())
    free = sum(step.score for step in found.free) + found.free_end
    per_free_token = free / (len(found.free) + 1)
    readings = []
    for number, (text, meant, path) in enumerate(chosen[:limit]):
        others = [other.rank for at, (_, _, other) in enumerate(chosen) if at != number]
        margin = min(_LARGEST_MARGIN, path.rank - max(others, default=-float("inf")))
        after = path.end_best - path.end
        words = _words(path.steps, table.pieces)
        deficits = sorted((*_word_deficits(words), after), reverse=True)
        evidence = Evidence(
            per_token=(free - path.log_likelihood) / (len(path.steps) + 1),
            worst_word=deficits[0],
            second_worst_word=deficits[1] if len(deficits) > 1 else 0.0,
            end=after,
            margin=margin,
            free_per_token=per_free_token,
            support=_support(path.steps),
            least_support=min(
                (_support(word) for word in words if any(step.letters for step in word)), default=0.0
            ),
        )
        readings.append(
            Reading(
                text=text,
                match=meant.match,
                context=meant.context,
                rank=path.rank,
                evidence=evidence,
                confidence=calibration.probability(evidence),
            )
        )
    return tuple(readings)


class _Meant(NamedTuple):
    match: GrammarMatch
    context: int


def _meant(grammar: Grammar, text: str, contexts: Sequence[Mapping[str, str]]) -> _Meant | None:
    for number, context in enumerate(contexts):
        matches = match_text(grammar, text, context=context, limit=1)
        if matches:
            return _Meant(matches[0], number)
    return None


def _meaning(match: GrammarMatch) -> str:
    return repr((match.skill, match.intent, sorted((n, repr(s.value)) for n, s in match.slots.items())))


def _support(steps: Iterable[Step]) -> float:
    meant = [step for step in steps if step.letters]
    return sum(step.score - step.inner for step in meant) / max(1, sum(step.letters for step in meant))


def _word_deficits(words: Iterable[Sequence[Step]]) -> list[float]:
    return [sum(step.best - step.score for step in word) for word in words]


def _words(steps: Iterable[Step], pieces: tuple[bytes, ...]) -> list[list[Step]]:
    words: list[list[Step]] = []
    for step in steps:
        if not words or pieces[step.token].startswith("▁".encode()):
            words.append([])
        words[-1].append(step)
    return words
