"""One device a data folder: a second one would settle the first one's effects."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from nearfield_edge.errors import ConfigurationError, RecordError


class DeviceLock:
    """Held while the device runs; the system lets go of it when the process ends, however it ends."""

    def __init__(self, data: Path) -> None:
        self._path = data / "device.lock"
        self._file = -1

    def is_free(self) -> bool:
        """Whether no device runs on the folder at this moment.

        Raises:
            RecordError: The folder cannot be written.
        """
        try:
            with self:
                return True
        except ConfigurationError:
            return False

    def __enter__(self) -> DeviceLock:
        """Take the lock.

        Raises:
            ConfigurationError: Another device runs on this folder.
            RecordError: The folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise ConfigurationError(
                f"another device already runs on {self._path.parent}: stop it, or give this one a data folder"
                " of its own (device.data)"
            ) from error
        except OSError as error:
            raise RecordError(
                f"the data folder {self._path.parent} cannot be used: {error.strerror}"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
