"""How alike two phrases sound, whatever their words are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield_models.grammar.words import split_words
from nearfield_models.phonetics.phones import Phone, skip_cost, substitution_cost
from nearfield_models.phonetics.pronunciation import phones_of

Costs = NDArray[np.float64]


def phonetic_distance(a: str, b: str, language: str = "en") -> float:
    """Compare two phrases by sound, from 0 (alike) to 1 (nothing in common); symmetric.

    Where the words are parted does not matter.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    first, second = phones_of_text(a, language), phones_of_text(b, language)
    largest = max(sum(map(skip_cost, first)), sum(map(skip_cost, second)))
    return min(1.0, alignment_cost(first, second) / largest) if largest else 0.0


def phones_of_text(text: str, language: str) -> tuple[Phone, ...]:
    """Say how a text is pronounced, as one string of phones."""
    return tuple(phone for word in split_words(text, language) for phone in phones_of(word.text, language))


def alignment_cost(first: Sequence[Phone], second: Sequence[Phone]) -> float:
    """What it costs at least to turn one string of phones into the other."""
    inserted = skip_costs(second)
    before = np.concatenate(([0.0], np.cumsum(inserted)))
    row = before
    for phone, substituted in zip(first, substitution_costs(first, second), strict=True):
        here = row + skip_cost(phone)
        np.minimum(here[1:], row[:-1] + substituted, out=here[1:])
        # Phones put in after here: the smallest of all places before, plus what lies between.
        row = np.minimum.accumulate(here - before) + before
    return float(row[-1])


def skip_costs(phones: Sequence[Phone]) -> Costs:
    """``float64[n]``: what each phone costs when it is skipped."""
    return np.array([skip_cost(phone) for phone in phones], dtype=np.float64)


def substitution_costs(first: Sequence[Phone], second: Sequence[Phone]) -> NDArray[Any]:
    """``float64[m, n]``: what each phone of the first costs when it is heard for each of the second."""
    table = [[substitution_cost(one, other) for other in second] for one in first]
    return np.array(table, dtype=np.float64).reshape(len(first), len(second))
