"""One recording: being written, and being read back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nearfield_edge.errors import RecordError
from nearfield_edge.records.keys import KeyStore
from nearfield_edge.records.sealing import CHUNK_BYTES, read_preamble, seal, unseal
from nearfield_sync.telemetry import Counters


class RecordingWriter:
    """Takes the sound of one turn; used by one thread at a time.

    After a failure the half is gone and further sound is ignored: the turn itself goes on.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        key: bytes,
        authenticated: bytes,
        longest_bytes: int,
        storing: Callable[[], AbstractContextManager[None]],
        ended: Callable[[bool], None],
    ) -> None:
        """Made by `Recordings.begin`.

        Args:
            file: Open after the preamble.
            key: Of this file.
            authenticated: The preamble.
            longest_bytes: Sound taken at most.
            storing: What translates and counts failures.
            ended: Told once whether the file is to be kept.
        """
        self._file = file
        self._storing = storing
        self._ended = ended
        self._key = key
        self._authenticated = authenticated
        self._room_bytes = longest_bytes
        self._buffer = bytearray()
        self._number = 0
        self._open = True
        self.was_cut = False
        """Whether sound was left out because the recording had become as long as allowed."""

    def write(self, pcm: bytes) -> None:
        """Take sound, int16 little-endian mono.

        Raises:
            RecordError: It cannot be written.
        """
        if not self._open:
            return
        taken = pcm[: self._room_bytes]
        self._room_bytes -= len(taken)
        self.was_cut = self.was_cut or len(taken) < len(pcm)
        self._buffer += taken
        # A full buffer is held back until more comes: only then is it known not to be the last chunk.
        while len(self._buffer) > CHUNK_BYTES:
            self._write_chunk(bytes(self._buffer[:CHUNK_BYTES]), last=False)
            del self._buffer[:CHUNK_BYTES]

    def finish(self) -> None:
        """End the recording: it is whole now, and kept; a second call does nothing.

        Raises:
            RecordError: It cannot be written.
        """
        if not self._open:
            return
        self._write_chunk(bytes(self._buffer), last=True)
        with self._failing_whole():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._ended(True)
        self._open = False

    def discard(self) -> None:
        """Drop what was recorded, as when the turn held no speech."""
        if self._open:
            self._open = False
            with suppress(OSError):
                self._file.close()
            self._ended(False)

    def _write_chunk(self, pcm: bytes, *, last: bool) -> None:
        with self._failing_whole():
            self._file.write(seal(self._key, self._authenticated, self._number, pcm, last=last))
        self._number += 1

    @contextmanager
    def _failing_whole(self) -> Iterator[None]:
        try:
            with self._storing():
                yield
        except RecordError:
            self.discard()
            raise


class Recording:
    """One recording, as it is read back."""

    def __init__(self, path: Path, keys: KeyStore) -> None:
        self._path = path
        self._keys = keys
        with self._opened() as file:
            self.header = read_preamble(file, f"recording {path}").header

    def pcm(self) -> Iterator[bytes]:
        """Yield the sound in chunks of int16 little-endian mono, each only after it was found genuine.

        Raises:
            RecordError: The file was altered or cut short, or the device's key is gone or another one. Chunks
                yielded before that were genuine.
        """
        with self._opened() as file:
            name = f"recording {self._path}"
            start = read_preamble(file, name)
            yield from unseal(file, self._keys.derive(start.salt), start.raw, name)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise RecordError(f"recording {self._path} cannot be opened ({error.strerror})") from error
        with closing(file):
            yield file


@contextmanager
def counting_losses(folder: Path, counters: Counters) -> Iterator[None]:
    """Count what could not be recorded, and say why.

    Raises:
        RecordError: The block could not write.
    """
    try:
        yield
    except RecordError:
        counters.add("nearfield_recordings_lost_total")
        raise
    except OSError as error:
        counters.add("nearfield_recordings_lost_total")
        raise RecordError(
            f"recordings in {folder} cannot be written ({error.strerror}): free some space or let this user"
            " write there"
        ) from error
