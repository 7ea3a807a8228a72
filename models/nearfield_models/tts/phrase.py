"""A text whose words may bring their own pronunciation, said at a rate of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronounced:
    """Words that are pronounced as told."""

    text: str
    phonemes: str
    """In the International Phonetic Alphabet, as ``Phonemiser`` spells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """What is said in one melody: it begins and ends a breath, but for the sentences inside it."""

    runs: tuple[str | Pronounced, ...]
    rate: float = 1.0
    """Of speech: 1.2 is faster."""

    @property
    def text(self) -> str:
        """The words, without their pronunciation."""
        return "".join(run if isinstance(run, str) else run.text for run in self.runs)
