"""Putting a file in its place so that it is there whole or not at all, even across a power cut."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nearfield_models.errors import StorageError

_ADVICE = {
    errno.ENOSPC: "the disk is full: make room and try again",
    errno.EDQUOT: "the disk quota is used up: make room and try again",
    errno.EFBIG: "the file is larger than this process may write: raise its limit (ulimit -f)",
    errno.EROFS: "the file system is read-only: set NEARFIELD_MODELS to a folder that can be written",
    errno.EACCES: "this user may not: change the owner, or set NEARFIELD_MODELS to another folder",
    errno.EPERM: "this user may not: change the owner, or set NEARFIELD_MODELS to another folder",
}


@contextmanager
def storage_faults(place: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write at ``place`` into `StorageError`."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, f"{error.strerror or error}: name another folder")
        raise StorageError(f"cannot write to {place}: {advice}") from error


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace or make ``path`` with ``content`` in one step.

    Args:
        path: The file; its folder exists.
        content: All of it.
        durable: Whether to wait until it would survive a power cut.

    Raises:
        OSError: It could not be written; nothing was left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        place(Path(name), path, durable=durable)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def place(source: Path, target: Path, *, durable: bool = True) -> None:
    """Move a finished file into its place in the same file system; all users may read it there.

    Raises:
        OSError: It could not be moved.
    """
    source.chmod(0o644)
    if durable:
        _sync(source)
    source.replace(target)
    if durable:
        _sync(target.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, so that it survives a power cut.

    Raises:
        OSError: It could not be made.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
