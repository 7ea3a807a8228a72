"""Files that only their owner may read: keys, and what is worth as much."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from nearfield_provisioning.errors import PrivateFileError

LONGEST_BYTES: Final = 64 * 1024
"""Of a key with its certificates; a longer file is none."""


def write_private(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file with mode 0600, all of it or nothing, durably.

    Args:
        path: Where; missing folders are made with mode 0700.
        content: What.
        replace: Whether a file that is there is replaced; otherwise it stays as it is.

    Raises:
        PrivateFileError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _place(temporary, path, replace=replace)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise PrivateFileError(
            f"{path} cannot be written ({error.strerror}): name a folder that this user may write, on a disk"
            " with space"
        ) from error


def read_private(path: Path) -> bytes:
    """Read a file that nobody else may read.

    Raises:
        PrivateFileError: It cannot be read, is too long, is no plain file, or others may read or write it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise PrivateFileError(f"{path} cannot be opened ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as file:
        _refuse_untrusted(path, os.fstat(file.fileno()))
        content = file.read(LONGEST_BYTES + 1)
    if len(content) > LONGEST_BYTES:
        raise PrivateFileError(f"{path} holds more than {LONGEST_BYTES} bytes: it is no key")
    return content


def _place(temporary: Path, path: Path, *, replace: bool) -> None:
    if replace:
        temporary.replace(path)
    else:
        try:
            os.link(temporary, path)  # a link never replaces: the first of two processes wins
        except FileExistsError:
            return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refuse_untrusted(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        raise PrivateFileError(f"{path} is not a plain file")
    if mode & 0o077:
        raise PrivateFileError(
            f"{path} may be read or written by others (mode {mode:04o}, 0600 is expected): run"
            f" `chmod 600 {path}` and think about who has seen it"
        )
    if status.st_uid not in (os.geteuid(), 0):
        raise PrivateFileError(f"{path} belongs to user {status.st_uid}, expected {os.geteuid()}")
