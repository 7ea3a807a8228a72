"""From text to what a voice was trained on: the seam of phonemisers, and phonemes as the numbers of a voice.

Contract for implementers: phonemes are single Unicode code points in decomposed form (NFD), as espeak-ng
spells them: stress marks stand before their vowel, words are parted by a space, and the punctuation that
shapes the melody (``. ? ! , ; :``) is kept, a space after what does not end the sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from nearfield_models.tts.phrase import Phrase, Pronounced
from nearfield_models.tts.reading import spoken

BEGIN: Final = "^"
END: Final = "$"
PAD: Final = "_"

_ENDS: Final = (".", "!", "?")
_LEADING_MARK: Final = re.compile(r"\s*([.!?,;:])")


class Phonemiser(Protocol):
    """Knows how text is pronounced."""

    def sentences(self, text: str) -> Iterator[tuple[str, ...]]:
        """Yield the phonemes of one sentence after the other; text without a word yields nothing.

        Raises:
            EngineError: The text cannot be pronounced.
        """
        ...


def phrase_sentences(phrase: Phrase, phonemiser: Phonemiser, language: str) -> Iterator[tuple[str, ...]]:
    """Yield the phonemes of one sentence after the other, as `Phonemiser.sentences` does.

    Text is read as ``spoken`` tells. A sentence goes on from one run into the next.

    Raises:
        EngineError: The text cannot be pronounced.
    """
    pending: tuple[str, ...] = ()
    for run in phrase.runs:
        if isinstance(run, Pronounced):
            parts = [tuple(unicodedata.normalize("NFD", run.phonemes))]
        else:
            mark = _LEADING_MARK.match(run) if pending and pending[-1] not in _ENDS else None
            if mark is not None:  # a phonemiser would not tell a mark without a word before it
                pending = (*pending, mark[1])
            parts = list(phonemiser.sentences(spoken(run[mark.end() :] if mark else run, language)))
        for number, sentence in enumerate(parts):
            if pending and (number or pending[-1] in _ENDS):
                yield pending
                pending = sentence
            else:
                pending = (*pending, " ", *sentence) if pending else sentence
    if pending:
        yield pending


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
