"""The page's token: whoever has it may sign in."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from nearfield_edge.errors import PageError

_TOKEN_BYTES: Final = 32
_SHORTEST: Final = 16
_LARGEST_FILE_BYTES: Final = 4_096


def ensure_token(path: Path, *, ours: bool) -> str:
    """Read the token, the first line of a file.

    Args:
        path: The file.
        ours: Whether it is made where there is none, and must be nobody else's to read.

    Raises:
        PageError: It cannot be read or made, others may read it, or it protects nothing.
    """
    try:
        if ours and not path.exists():
            _make(path)
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            first_line = file.read(_LARGEST_FILE_BYTES).partition(b"\n")[0]
        token = first_line.decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PageError(f"the page's token {path} cannot be read or made: {error}") from error
    if ours and mode & 0o077:
        raise PageError(
            f"the page's token {path} may be read or written by others (mode {mode:04o}, 0600 is expected):"
            " remove it for a new one"
        )
    if len(token) < _SHORTEST:
        raise PageError(f"the page's token in {path} has {len(token)} characters: use {_SHORTEST} or more")
    return token


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # never replaces what is there: the first of two processes wins
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)
