"""Prompts: texts that a device says again and again, kept on disk as it said them once.

``<folder>/<voice>/<text>.prompt``, both named by digests: another voice, or the same with another setting,
finds nothing of the former, and what it left behind is removed. A file is the sha256 of what follows, and the
sound as int16 little-endian, which loads five times as fast as FLAC at twice the size
(docs/decisions/0014).

What may be kept is for the caller to say: this holds no text, but it holds speech in the clear. Nothing here
ever raises because of the disk: a prompt that cannot be kept or read is counted, and synthesised as if there
were no store.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

import structlog

from nearfield_models.pcm import Samples, to_bytes, to_float
from nearfield_models.placing import write_whole
from nearfield_sync.telemetry import Counters, Log

_SUFFIX: Final = ".prompt"
_DIGEST_BYTES: Final = 32
_NAME_LENGTH: Final = 32
_VOICE: Final = re.compile(r"[0-9a-f]{32}")
LONGEST_PROMPT_BYTES: Final = 8 * 1024 * 1024
"""Three minutes; more is no prompt, and is not read into memory."""


class PromptStore:
    """The prompts of one voice. Used by one thread at a time; other processes may use the folder too."""

    def __init__(self, folder: Path, fingerprint: str, *, most_bytes: int, counters: Counters) -> None:
        """Take a folder, which need not exist.

        Args:
            folder: Of prompts of all voices.
            fingerprint: Of the voice (`TtsCapabilities.fingerprint`).
            most_bytes: Of all prompts together; the longest unused go when more are kept.
            counters: Get ``nearfield_prompts_…_total``.
        """
        self._root = folder
        self._folder = folder / _digest(fingerprint)
        self._most_bytes = most_bytes
        self._counters = counters
        self._told: set[str] = set()
        self._log: Log = structlog.get_logger()

    def find(self, text: str) -> Samples | None:
        """Give ``float32[n]`` at the voice's rate; None where it is not kept, or no longer what was written.

        What is damaged is removed.
        """
        path = self._path(text)
        try:
            if path.stat().st_size > LONGEST_PROMPT_BYTES:
                raise ValueError("longer than any prompt")
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._lose("unreadable", error)
            return None
        sound = content[_DIGEST_BYTES:]
        if len(sound) % 2 or not sound or hashlib.sha256(sound).digest() != content[:_DIGEST_BYTES]:
            self._drop_damaged(path)
            return None
        self._mark_used(path)
        return to_float(sound)

    def holds(self, text: str) -> bool:
        """Whether there is a file for it; says nothing of its content."""
        try:
            return self._path(text).is_file()
        except OSError:  # it cannot be looked at, so it cannot be read either
            return False

    def keep(self, text: str, sound: Samples, *, in_room: bool = False) -> bool:
        """Keep the whole sound of a text.

        Args:
            text: As it is given to the voice.
            sound: ``float32[n]`` at its rate.
            in_room: Only if no other prompt of this voice has to go for it.

        Returns:
            Whether it is kept; where the disk refuses, the reason is counted, and logged once.
        """
        pcm = to_bytes(sound)
        size = len(pcm) + _DIGEST_BYTES
        if not pcm or size > min(LONGEST_PROMPT_BYTES, self._most_bytes):
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if in_room and self._used_bytes() + size > self._most_bytes:
                return False
            self._make_room(size)
            # A prompt that a power cut takes is synthesised again: nothing has to wait for the disk.
            write_whole(self._path(text), hashlib.sha256(pcm).digest() + pcm, durable=False)
        except OSError as error:
            self._lose("unwritable", error)
            return False
        return True

    def retain(self, texts: Collection[str]) -> None:
        """Remove the prompts of other voices, and those of other texts."""
        kept = {self._path(text) for text in texts}
        try:
            others = [place for place in _entries(self._root) if _VOICE.fullmatch(place.name)]
            for place in others:
                if place != self._folder:
                    shutil.rmtree(place)
            for path in _entries(self._folder):
                if path not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            self._lose("unremovable", error)

    def _path(self, text: str) -> Path:
        return self._folder / f"{_digest(text)}{_SUFFIX}"

    def _used_bytes(self) -> int:
        return sum(path.stat().st_size for path in self._folder.glob(f"*{_SUFFIX}"))

    def _make_room(self, size: int) -> None:
        """Remove the longest unused until ``size`` more fit."""
        held = [(path.stat(), path) for path in self._folder.glob(f"*{_SUFFIX}")]
        used = sum(status.st_size for status, _ in held)
        for status, path in sorted(held, key=lambda each: each[0].st_mtime_ns):
            if used + size <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            used -= status.st_size
            self._counters.add("nearfield_prompts_dropped_total", reason="room")

    def _drop_damaged(self, path: Path) -> None:
        self._counters.add("nearfield_prompts_dropped_total", reason="damaged")
        self._log.warning("prompt_damaged", file=path.name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._lose("unremovable", error)

    def _mark_used(self, path: Path) -> None:
        try:
            os.utime(path)
        except OSError:
            return  # a folder that cannot be written has nothing to evict either

    def _lose(self, reason: str, error: Exception) -> None:
        self._counters.add("nearfield_prompts_lost_total", reason=reason)
        if reason not in self._told:
            self._told.add(reason)
            self._log.warning("prompts_not_kept", reason=reason, folder=str(self._folder), exc_info=error)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_NAME_LENGTH]
