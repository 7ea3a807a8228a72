"""Whether stored files are still what they were, at the price of a few ``stat`` calls.

Each pack's folder keeps ``verified.json``: for every file its digest and the marks (size, times, inode) that
it had when the digest was last computed. A file whose marks have not moved is not read again. This guards
against decay and accident, not against somebody who may write in the store.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from nearfield_models.placing import write_whole

_STAMPS = "verified.json"
_BLOCK_BYTES = 1 << 20
_SETTLED_NS = 50_000_000
"""A change within one tick of the file system's clock leaves the times as they were; so a file counts as
settled only when its stamp was written clearly later than the file itself changed (git's "racy" rule)."""


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


class StampedFolder:
    """Digests of the files in one folder, remembered between runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps = _read(folder / _STAMPS)
        self._changed = False

    def digest(self, name: str) -> str:
        """The sha256 of a file, from its stamp when the file has not changed since.

        Raises:
            OSError: It cannot be read.
        """
        path = self._folder / name
        marks = _marks(path.stat())
        stamp = self._stamps.get(name)
        if stamp is not None and stamp[:-1] == marks:
            return str(stamp[-1])
        digest = sha256_of(path)
        self._stamps[name] = [*marks, digest]
        self._changed = True
        return digest

    def forget(self) -> None:
        """Drop all stamps, so that every file is read again."""
        self._stamps = {}

    def keep(self) -> None:
        """Write the stamps down if there are new ones."""
        if not self._changed:
            return
        try:
            write_whole(self._folder / _STAMPS, json.dumps(self._stamps).encode(), durable=False)
        except OSError:
            # A read-only store is a fine store: it only pays for the digests at each start.
            return
        self._changed = False


def _marks(status: os.stat_result) -> list[int | str]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _read(path: Path) -> dict[str, list[int | str]]:
    """The stamps that can be trusted; where there are none, every file is read."""
    try:
        stamps = json.loads(path.read_bytes())
        settled_ns = path.stat().st_mtime_ns - _SETTLED_NS
        return {name: stamp for name, stamp in stamps.items() if len(stamp) == 5 and stamp[2] < settled_ns}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
