"""One call's ear: takes sound, says when somebody begins and ends, keeps what was said until it is asked for.

Everything here runs where calls compute, never on the event loop, and one piece of work at a time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_cloud.errors import SoundError
from nearfield_cloud.realtime.sound.turn_taking import Began, Ended, Mark, Paused, TurnTaking
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples
from nearfield_models.vad.engine import VadEngine
from nearfield_sync.messages.realtime.session import SemanticVad, ServerVad

_TAIL_MS: Final = 100
"""A detector lags behind its hop: so much after the end of speech belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFound:
    """Somebody began to speak."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseFound:
    """Whether this is over should be judged."""

    number: int
    sound: Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFound:
    """Somebody has spoken."""

    at_ms: int
    sound: Samples


Found = SpeechFound | PauseFound | TurnFound


class Ear:
    """Hears one stream at 16 kHz."""

    def __init__(
        self, vad: VadEngine, detection: ServerVad | SemanticVad | None, *, longest_seconds: float
    ) -> None:
        """Begin in silence.

        Args:
            vad: A stream of its own of the detector.
            detection: How turns are found; None leaves that to the client.
            longest_seconds: Of one utterance.
        """
        self._vad = vad
        self._longest_samples = int(longest_seconds * 1000) * SAMPLES_PER_MS
        self._pieces: deque[Samples] = deque()
        self._kept_from = 0
        self._position = 0
        self._rest = np.zeros(0, np.float32)
        self._turn_from: int | None = None
        self.set(detection)

    def set(self, detection: ServerVad | SemanticVad | None) -> None:
        """Find turns in another way from now on."""
        longest_ms = self._longest_samples // SAMPLES_PER_MS
        self._taking = None if detection is None else TurnTaking(detection, longest_ms=longest_ms)
        self._turn_from = None
        self._vad.reset()

    @property
    def position_ms(self) -> int:
        """How much was heard."""
        return self._position // SAMPLES_PER_MS

    @property
    def speaking(self) -> bool:
        """Whether somebody is speaking."""
        return self._taking is not None and self._taking.speaking

    def accept(self, samples: Samples) -> list[Found]:
        """Take ``float32[n]`` at 16 kHz and say what it brought.

        Raises:
            SoundError: The input that the client is to end has grown too long.
            EngineError: The detector failed.
        """
        sound = np.concatenate((self._rest, samples)) if self._rest.size else samples
        whole = sound.size - sound.size % HOP_SAMPLES
        self._rest = sound[whole:].copy()
        found: list[Found] = []
        for begin in range(0, whole, HOP_SAMPLES):
            found += self._hop(sound[begin : begin + HOP_SAMPLES])
        self._forget()
        return found

    def _hop(self, hop: Samples) -> list[Found]:
        first = self._position
        self._pieces.append(hop.copy())
        self._position += HOP_SAMPLES
        if self._taking is None:
            if self._position - self._kept_from > self._longest_samples:
                self.clear()
                seconds = self._longest_samples / SAMPLES_PER_MS / 1000
                raise SoundError(f"an input of more than {seconds:g} s: commit or clear it sooner")
            return []
        mark = self._taking.accept(first, self._vad.accept(hop))
        return [] if mark is None else [self._marked(mark, self._taking)]

    def _marked(self, mark: Mark, taking: TurnTaking) -> Found:
        if isinstance(mark, Began):
            self._turn_from = max(self._kept_from, mark.at - taking.prefix_ms * SAMPLES_PER_MS)
            return SpeechFound(at_ms=self._turn_from // SAMPLES_PER_MS)
        if isinstance(mark, Paused):
            return PauseFound(number=mark.number, sound=self.so_far())
        return self._ended(mark)

    def judge(self, number: int, completeness: float) -> TurnFound | None:
        """Take how finished the person sounded in a pause."""
        ended = None if self._taking is None else self._taking.judge(number, completeness)
        return None if ended is None else self._ended(ended)

    def _ended(self, mark: Ended) -> TurnFound:
        begin = self._kept_from if self._turn_from is None else self._turn_from
        end = min(self._position, mark.at + _TAIL_MS * SAMPLES_PER_MS)
        sound = self._between(begin, end)
        self._turn_from = None
        self._drop_before(end)
        return TurnFound(at_ms=mark.at // SAMPLES_PER_MS, sound=sound)

    def so_far(self) -> Samples:
        """What was said since the turn began."""
        return self._between(self._kept_from if self._turn_from is None else self._turn_from, self._position)

    def commit(self) -> Samples:
        """End the input here and give it."""
        sound = np.concatenate((self.so_far(), self._rest))
        self.clear()
        return sound

    def clear(self) -> None:
        """Forget what was heard and not committed."""
        self._pieces.clear()
        self._kept_from = self._position
        self._rest = np.zeros(0, np.float32)
        self._turn_from = None
        if self._taking is not None:
            self._taking.reset()

    def _between(self, begin: int, end: int) -> Samples:
        if not self._pieces:
            return np.zeros(0, np.float32)
        kept = np.concatenate(self._pieces)
        return kept[begin - self._kept_from : end - self._kept_from].copy()

    def _forget(self) -> None:
        """Keep no more than a turn that begins now could need."""
        if self._taking is not None and self._turn_from is None:
            self._drop_before(self._position - (self._taking.prefix_ms + 200) * SAMPLES_PER_MS)

    def _drop_before(self, sample: int) -> None:
        while self._pieces and self._kept_from + HOP_SAMPLES <= sample:
            self._pieces.popleft()
            self._kept_from += HOP_SAMPLES
