"""What speaks for and against a sentence as the answer to a question, in numbers with names.

Questions that a passage does not answer are often made from ones that it does, by another name, number or
opposite: so most of these numbers are about what of the question is *missing* from the sentence, and whether
it stands elsewhere in the passage. All is a function of words and two cosines; nothing is learnt here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from nearfield_cloud.composing.asked import KINDS, Asked
from nearfield_cloud.composing.cues import CAUSES, has_opposite, possible_answers
from nearfield_cloud.composing.words import NEGATIONS, Word

Rarity = Callable[[str], float]
"""How much it says that a stem is there: larger for rarer ones."""
_MOST_POSSIBLE: Final = 6
_FAR: Final = 30
_NEAR: Final = 4
"""Words between two of the question's that stand together in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage that was found, its sentences as words."""

    rank: int
    similarity: float
    """Cosine with the question."""
    sentences: tuple[tuple[Word, ...], ...]
    stems: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """Cosines of the question and the sentences that are weighed."""

    own: float
    best: float
    """Of all of them."""
    second: float
    best_of_passage: float
    nearer: int
    """How many are nearer than this one."""


def found_rarity(passages: Sequence[frozenset[str]]) -> Rarity:
    """Weigh a stem by how many of the passages have it; what none has is the rarest."""
    count = len(passages)

    def rarity(stem: str) -> float:
        having = sum(stem in stems for stems in passages)
        return math.log(1 + (count - having + 0.5) / (having + 0.5))

    return rarity


def shared(asked: Asked, words: Sequence[Word], rarity: Rarity) -> float:
    """0..1: how much of the question's content a sentence has, weighed by rarity."""
    stems = {word.stem for word in words}
    whole = sum(rarity(stem) for stem in asked.stems)
    return sum(rarity(stem) for stem in asked.stems if stem in stems) / whole if whole else 0.0


def evidence(
    asked: Asked, passages: Sequence[Passage], at: int, place: int, near: Nearness, rarity: Rarity
) -> dict[str, float]:
    """Give the numbers of the sentence ``place`` of the passage ``at``: the same names in one order."""
    passage = passages[at]
    words = passage.sentences[place]
    stems = frozenset(word.stem for word in words)
    before = frozenset(word.stem for word in passage.sentences[place - 1]) if place else frozenset[str]()
    weights = {word.stem: rarity(word.stem) for word in asked.content}
    everywhere = frozenset().union(*(one.stems for one in passages))
    found = {
        "nearness": near.own,
        "nearness of the best": near.best,
        "nearness below the best": near.own - near.best,
        "nearness below the passage's best": near.own - near.best_of_passage,
        "lead of the best": near.best - near.second,
        "nearer ones": float(near.nearer),
        "nearness of the passage": passage.similarity,
        "passage's rank": float(passage.rank),
        "place": float(place),
        "words of the question": float(len(asked.content)),
        "words of the sentence": float(len(words)),
    }
    found |= {f"asks for a {kind}": float(asked.kind == kind) for kind in KINDS}
    found |= _missing(asked, stems, passage.stems, before, everywhere, weights)
    found |= _negation(asked, words, stems, passage.stems)
    found |= _answers(asked, words, weights)
    found |= _order(asked, words)
    return found


def _missing(
    asked: Asked,
    stems: frozenset[str],
    passage: frozenset[str],
    before: frozenset[str],
    everywhere: frozenset[str],
    weights: dict[str, float],
) -> dict[str, float]:
    whole = sum(weights.values()) or 1.0
    missing = [word for word in asked.content if word.stem not in stems]
    nowhere = [word for word in missing if word.stem not in passage]
    unknown = [word for word in nowhere if word.stem not in everywhere]
    elsewhere = [word for word in missing if word.stem in passage]
    carried = [word for word in missing if word.stem in before]

    def weight(of: Sequence[Word]) -> float:
        return sum(weights[word.stem] for word in of)

    def most(of: Sequence[Word]) -> float:
        return max((weights[word.stem] for word in of), default=0.0)

    return {
        "share in the sentence": 1 - weight(missing) / whole,
        "share in the passage": 1 - weight(nowhere) / whole,
        "share with the sentence before": 1 - (weight(missing) - weight(carried)) / whole,
        "share only in the sentence before": weight(carried) / whole,
        "share elsewhere in the passage": weight(elsewhere) / whole,
        "missing words": float(len(missing)),
        "missing weight": weight(missing),
        "rarest missing": most(missing),
        "rarest elsewhere": most(elsewhere),
        "missing in the passage": float(len(nowhere)),
        "rarest missing in the passage": most(nowhere),
        "missing everywhere": float(len(unknown)),
        "weight missing everywhere": weight(unknown),
        "names": float(sum(word.capital for word in asked.content)),
        "names missing": float(sum(word.capital for word in missing)),
        "names missing in the passage": float(sum(word.capital for word in nowhere)),
        "names elsewhere": float(sum(word.capital for word in elsewhere)),
        "numbers": float(sum(word.number for word in asked.content)),
        "numbers missing": float(sum(word.number for word in missing)),
        "numbers missing in the passage": float(sum(word.number for word in nowhere)),
        "exchanged words": float(_exchanged(asked.content, stems)),
        "last word there": float(bool(asked.content) and asked.content[-1].stem in stems),
        "first word there": float(bool(asked.content) and asked.content[0].stem in stems),
        "focus there": 0.5 if asked.focus is None else float(asked.focus.stem in stems),
        "focus in the passage": 0.5 if asked.focus is None else float(asked.focus.stem in passage),
        "has a focus": float(asked.focus is not None),
    }


def _exchanged(content: Sequence[Word], stems: frozenset[str]) -> int:
    """Words that are missing though their neighbours on both sides are there."""
    return sum(
        middle.stem not in stems and left.stem in stems and right.stem in stems
        for left, middle, right in zip(content, content[1:], content[2:], strict=False)
    )


def _negation(
    asked: Asked, words: Sequence[Word], stems: frozenset[str], passage: frozenset[str]
) -> dict[str, float]:
    negated = any(word.lower in NEGATIONS for word in words)
    return {
        "question negated": float(asked.negated),
        "sentence negated": float(negated),
        "only one negated": float(asked.negated != negated),
        "only the question negated": float(asked.negated and not negated),
        "opposites": float(sum(has_opposite(stem, stems) for stem in asked.stems - stems)),
        "opposites in the passage": float(sum(has_opposite(stem, passage) for stem in asked.stems - passage)),
    }


def _answers(asked: Asked, words: Sequence[Word], weights: dict[str, float]) -> dict[str, float]:
    possible = possible_answers(asked.kind, words, asked.stems)
    matched = [at for at, word in enumerate(words) if word.stem in asked.stems]
    whole = sum(weights.values()) or 1.0
    surrounded = max(
        (sum(weights[words[at].stem] / (1 + abs(at - one) / 4) for at in matched) for one in possible),
        default=0.0,
    )
    distance = min((abs(at - one) for at in matched for one in possible), default=_FAR)
    new = [word for word in words if word.stem not in asked.stems]
    return {
        "possible answers": float(min(len(possible), _MOST_POSSIBLE)),
        "has a possible answer": float(bool(possible)),
        "possible answer among the question's words": surrounded / whole,
        "distance of a possible answer": float(min(distance, _FAR)),
        "new words": float(sum(not word.little for word in new)),
        "new names": float(sum(word.capital for word in new)),
        "new numbers": float(sum(word.number for word in new)),
        "says a cause": float(any(word.lower in CAUSES for word in words)),
    }


def _order(asked: Asked, words: Sequence[Word]) -> dict[str, float]:
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word.stem, []).append(at)
    pairs = {(one.stem, other.stem) for one, other in pairwise(words)}
    asked_pairs = [(one.stem, other.stem) for one, other in pairwise(asked.words)]
    kept = sum(pair in pairs for pair in asked_pairs)
    steps = [
        min((there - here for here in places[one.stem] for there in places[other.stem]), key=abs)
        for one, other in pairwise(asked.content)
        if one.stem in places and other.stem in places and one.stem != other.stem
    ]
    count = max(1, len(asked.content) - 1)
    return {
        "pairs kept": float(kept),
        "share of pairs kept": kept / max(1, len(asked_pairs)),
        "steps kept": sum(0 < step <= _NEAR for step in steps) / count,
        "steps turned round": sum(step < 0 for step in steps) / count,
        "steps drawn apart": sum(step > _NEAR for step in steps) / count,
        "words in the same order": _common_run(asked.content, words) / max(1, len(asked.content)),
    }


def _common_run(asked: Sequence[Word], words: Sequence[Word]) -> int:
    """The most words of the question that stand in the sentence in the question's order."""
    lengths = [0] * (len(words) + 1)
    for one in asked:
        diagonal = 0
        for at, other in enumerate(words, 1):
            diagonal, lengths[at] = (
                lengths[at],
                diagonal + 1 if one.stem == other.stem else max(lengths[at], lengths[at - 1]),
            )
    return lengths[-1]
