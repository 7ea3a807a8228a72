"""From text to what a voice was trained on: the seam of phonemisers, and phonemes as the numbers of a voice.

Contract for implementers: phonemes are single Unicode code points in decomposed form (NFD), as espeak-ng
spells them: stress marks stand before their vowel, words are parted by a space, and the punctuation that
shapes the melody (``. ? ! , ; :``) is kept, a space after what does not end the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

BEGIN: Final = "^"
END: Final = "$"
PAD: Final = "_"


class Phonemiser(Protocol):
    """Knows how text is pronounced."""

    def sentences(self, text: str) -> Iterator[tuple[str, ...]]:
        """Yield the phonemes of one sentence after the other; text without a word yields nothing.

        Raises:
            EngineError: The text cannot be pronounced.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonemeIds:
    """A sentence in the numbers of one voice."""

    ids: tuple[int, ...]
    dropped: int
    """How many phonemes the voice does not know; they are left out."""


def phoneme_ids(phonemes: Sequence[str], id_map: Mapping[str, Sequence[int]]) -> PhonemeIds:
    """Number a sentence: begin, and pad after it and after every phoneme, end.

    Raises:
        KeyError: The map has no begin, end or pad.

    Source: OHF-Voice/piper1-gpl, ``phonemes_to_ids`` (the voices are trained on this order).
    """
    known = [id_map[phoneme] for phoneme in phonemes if phoneme in id_map]
    pad = id_map[PAD]
    ids = [*id_map[BEGIN], *pad]
    for numbers in known:
        ids += [*numbers, *pad]
    return PhonemeIds(ids=(*ids, *id_map[END]), dropped=len(phonemes) - len(known))
