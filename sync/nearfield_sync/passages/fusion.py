"""Two orders of passages, by meaning and by words, become one."""

from __future__ import annotations

from collections.abc import Mapping


def fuse(
    similarities: Mapping[str, float], words: Mapping[str, float], *, meaning: float
) -> list[tuple[str, float]]:
    """Weigh cosine and BM25 against each other, the best first.

    BM25 has no scale of its own, so it is taken relative to the best of this search. A passage that one side
    does not know has 0 there. Equal scores keep the order of their ids, so that a search repeats itself.

    Source: Bruch, Gai and Ingber 2022, "An analysis of fusion functions for hybrid retrieval": a convex
    combination of scores beats one of ranks; measured here too (docs/knowledge.md).

    Args:
        similarities: Cosine by chunk id.
        words: BM25 by chunk id, above 0.
        meaning: Weight of the cosine, 0..1; what is left is the words'.
    """
    best = max(words.values(), default=0.0)
    scores = {
        name: meaning * max(0.0, similarities.get(name, 0.0))
        + ((1.0 - meaning) * words.get(name, 0.0) / best if best > 0 else 0.0)
        for name in {**similarities, **words}
    }
    return sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
