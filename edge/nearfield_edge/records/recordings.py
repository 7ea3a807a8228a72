"""Recordings of sound: none unless switched on, then encrypted, capped and erased with their turn.

A recording is written while its turn goes on and appears whole or not at all: a file that a power cut left
half is removed by the next ``prune``. Files are numbered in the order in which they were begun, so that the
oldest is known whatever the wall clock said.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from nearfield_edge.errors import RecordError
from nearfield_edge.records.keys import KeyStore
from nearfield_edge.records.recording_files import Recording, RecordingWriter, counting_losses
from nearfield_edge.records.retention import Retention, judge
from nearfield_edge.records.sealing import SALT_BYTES, RecordingHeader, preamble, read_preamble
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters

_TURN_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_NAME: Final = re.compile(r"(\d{10})-(.+)\.nfrec(\.part)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOptions:
    """Whether and how much sound is kept."""

    enabled: bool = False
    longest_age: timedelta = timedelta(days=7)
    most_bytes: int = 512 * 1024 * 1024
    """All recordings together; the oldest go first."""
    longest_seconds: float = 120.0
    """One recording; what is said later is not recorded."""


class Recordings:
    """The folder of recordings; safe from any thread."""

    def __init__(
        self, folder: Path, keys: KeyStore, *, options: RecordingOptions, clock: Clock, counters: Counters
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._options = options
        self._clock = clock
        self._counters = counters
        self._open: set[Path] = set()
        self._lock = threading.Lock()

    def begin(
        self,
        turn_id: str,
        *,
        device_id: str,
        versions: Mapping[str, str],
        sample_rate_hz: int = 16_000,
        channel: str = "microphone",
    ) -> RecordingWriter | None:
        """Begin to record a turn; None where recording is not switched on.

        Args:
            turn_id: Letters, digits, ``.``, ``_`` and ``-``.
            device_id: This device.
            versions: Models, skills and software in use.
            sample_rate_hz: Rate of the int16 mono sound that will be written.
            channel: What it is a recording of.

        Raises:
            RecordError: No key, no space, or no such folder; counted in ``nearfield_recordings_lost_total``.
        """
        if not self._options.enabled:
            return None
        if not _TURN_ID.fullmatch(turn_id):
            raise RecordError(
                f"turn id {turn_id!r} cannot name a recording: letters, digits, '.', '_' and '-' can"
            )
        with counting_losses(self._folder, self._counters):
            self._keys.ensure()
            header = RecordingHeader(
                turn_id=turn_id,
                device_id=device_id,
                started_at=self._clock.utc_now().isoformat(),
                versions=dict(versions),
                key_id=self._keys.key_id(),
                sample_rate_hz=sample_rate_hz,
                channel=channel,
            )
            salt = secrets.token_bytes(SALT_BYTES)
            with self._lock:
                return self._writer(header, self._keys.derive(salt), preamble(header, salt))

    def _writer(self, header: RecordingHeader, key: bytes, raw: bytes) -> RecordingWriter:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        numbers = [number for number, _, _ in self._files()]
        final = self._folder / f"{max(numbers, default=0) + 1:010d}-{header.turn_id}.nfrec"
        part = final.with_name(final.name + ".part")
        file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._open.add(part)
        try:
            file.write(raw)
        except OSError:
            with suppress(OSError):
                file.close()
            self._open.discard(part)
            part.unlink(missing_ok=True)
            raise
        longest_bytes = int(self._options.longest_seconds * header.sample_rate_hz) * 2
        return RecordingWriter(
            file,
            key=key,
            authenticated=raw,
            longest_bytes=longest_bytes,
            storing=lambda: counting_losses(self._folder, self._counters),
            ended=lambda keep: self._end(part, keep=keep),
        )

    def read(self, turn_id: str) -> Recording:
        """The recording of a turn, the latest if there are several.

        Raises:
            RecordError: There is none, or its beginning is damaged.
        """
        paths = self._of_turn(turn_id)
        finished = [path for path in paths if path.suffix != ".part"]
        if not finished:
            raise RecordError(
                f"no recording of turn {turn_id} in {self._folder}: recording is off unless switched on, and"
                " kept for a while only"
            )
        return Recording(finished[-1], self._keys)

    def turn_ids(self) -> frozenset[str]:
        """The turns of which there is a finished recording."""
        return frozenset(turn_id for _, turn_id, path in self._files() if path.suffix != ".part")

    def erase(self, turn_id: str) -> None:
        """Erase what was recorded of a turn, if anything.

        Raises:
            RecordError: It cannot be erased.
        """
        for path in self._of_turn(turn_id):
            with self._lock:
                self._open.discard(path)  # one still being written ends in nothing
            self._destroy(path)
            self._counters.add("nearfield_recordings_erased_total", reason="request")

    def prune(self) -> tuple[str, ...]:
        """Erase what is too old or too much, and halves from a power cut; give the turns' ids.

        Raises:
            RecordError: A file cannot be looked at or erased.
        """
        try:
            halves, expired = self._to_go()
        except OSError as error:
            raise RecordError(
                f"recordings in {self._folder} cannot be looked at ({error.strerror}): let this user"
                " read them"
            ) from error
        for path in halves:
            self._destroy(path)
        for _, path in expired:
            self._destroy(path)
            self._counters.add("nearfield_recordings_erased_total", reason="retention")
        return tuple(turn_id for turn_id, _ in expired)

    def _to_go(self) -> tuple[list[Path], list[tuple[str, Path]]]:
        """Halves that nobody writes any more, and what is kept no longer."""
        with self._lock:
            files = list(self._files())
            halves = [path for _, _, path in files if path.suffix == ".part" and path not in self._open]
        return halves, self._expired([(of, path) for _, of, path in files if path.suffix != ".part"])

    def _expired(self, files: list[tuple[str, Path]]) -> list[tuple[str, Path]]:
        """What is too much, then what is too old; dates what has no date that can be right."""
        now = self._clock.utc_now()
        kept: list[tuple[str, Path, os.stat_result]] = []
        for turn_id, path in files:
            # Another process may be erasing turns at this moment.
            with suppress(FileNotFoundError):
                kept.append((turn_id, path, path.stat()))
        sizes = [status.st_size for _, _, status in kept]
        surplus = 0
        while sum(sizes[surplus:]) > self._options.most_bytes:
            surplus += 1
        retention = Retention(longest=self._options.longest_age, most=len(kept) - surplus)
        dates = [datetime.fromtimestamp(status.st_mtime, UTC) for _, _, status in kept]
        judgement = judge(dates, now, retention)
        for index in judgement.undated:
            with suppress(FileNotFoundError):
                os.utime(kept[index][1], (now.timestamp(), now.timestamp()))
        return [kept[index][:2] for index in judgement.expired]

    def _of_turn(self, turn_id: str) -> list[Path]:
        return [path for _, of, path in self._files() if of == turn_id]

    def _files(self) -> Iterator[tuple[int, str, Path]]:
        """Number, turn and path of each, the oldest first."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if match := _NAME.fullmatch(path.name):
                yield int(match[1]), match[2], path

    def _destroy(self, path: Path) -> None:
        """Overwrite the salt, without which nothing decrypts the sound again, then remove the file."""
        try:
            with path.open("r+b") as file, suppress(RecordError):
                position = read_preamble(file, path.name).salt_position
                file.seek(position)
                file.write(secrets.token_bytes(SALT_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise RecordError(
                f"recording {path} cannot be erased ({error.strerror}): let this user write its folder"
            ) from error

    def _end(self, part: Path, *, keep: bool) -> None:
        with self._lock:
            if keep and part in self._open:
                final = part.with_suffix("")
                part.replace(final)
                # The date that age counts from is this device's clock's, which a test may set.
                now = self._clock.utc_now().timestamp()
                os.utime(final, (now, now))
            else:
                part.unlink(missing_ok=True)
            self._open.discard(part)
