"""Pieces of speech while they are written down."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from nearfield_models.tts.phrase import Phrase, Pronounced
from nearfield_models.tts.pieces import Mark, Piece, Silence, Sound, Utterance

_SPACE: Final = re.compile(r"[ \t\r\n]+")
_MARKS: Final = (".", "!", "?", ",", ";", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How words are said."""

    rate: float = 1.0
    gain: float = 1.0


@dataclass(slots=True)
class _OpenPhrase:
    manner: Manner
    runs: list[str | Pronounced] = field(default_factory=list)

    def add(self, run: str | Pronounced) -> None:
        if isinstance(run, str) and self.runs and isinstance(self.runs[-1], str):
            self.runs[-1] += run
        else:
            self.runs.append(run)


class Draft:
    """Collects pieces: words of one manner that follow each other become one phrase."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._phrase: _OpenPhrase | None = None
        self._pause_ms = 0

    def say(self, run: str | Pronounced, manner: Manner) -> None:
        """Add words; spaces alone begin nothing."""
        if self._phrase is None or self._phrase.manner != manner:
            if isinstance(run, str):
                run = self._without_mark(run)
                if not run.strip():
                    return
            self._close()
            self._break()
            self._phrase = _OpenPhrase(manner)
        self._phrase.add(run)

    def end_sentence(self, pause_ms: int = 0) -> None:
        """What follows is another sentence, after a pause if anything follows."""
        if self._phrase is not None:
            last = self._phrase.runs[-1]
            if not isinstance(last, str):
                self._phrase.runs.append(".")
            elif not last.rstrip().endswith(_MARKS):
                self._phrase.runs[-1] = f"{last.rstrip()}."
        self._close()
        if self._pieces:
            self._pause_ms = max(self._pause_ms, pause_ms)

    def silence(self, duration_ms: int) -> None:
        """Add a silence."""
        self._close()
        if duration_ms:
            self._pieces.append(Silence(duration_ms=duration_ms))

    def mark(self, name: str) -> None:
        """Add a mark."""
        self._close()
        self._break()
        self._pieces.append(Mark(name=name))

    def sound(self, source: str, gain: float, instead: tuple[Piece, ...]) -> None:
        """Add a recording."""
        self._close()
        self._break()
        self._pieces.append(Sound(source=source, gain=gain, instead=instead))

    def add(self, pieces: tuple[Piece, ...]) -> None:
        """Add finished pieces."""
        self._close()
        if pieces:
            self._break()
            self._pieces += pieces

    def finished(self) -> tuple[Piece, ...]:
        """All pieces, in order."""
        self._close()
        return tuple(self._pieces)

    def _without_mark(self, text: str) -> str:
        """Leave a punctuation mark that stands first to the words before it: they end with it."""
        if self._phrase is None or not text.startswith(_MARKS):
            return text
        self._phrase.add(text[0])
        return text[1:]

    def _break(self) -> None:
        if self._pause_ms:
            self._pieces.append(Silence(duration_ms=self._pause_ms))
            self._pause_ms = 0

    def _close(self) -> None:
        phrase, self._phrase = self._phrase, None
        if phrase is not None:
            runs = tuple(_SPACE.sub(" ", run) if isinstance(run, str) else run for run in phrase.runs)
            self._pieces.append(
                Utterance(phrase=Phrase(runs=runs, rate=phrase.manner.rate), gain=phrase.manner.gain)
            )
