"""Taking in the bytes of one file: never more than announced, never other than announced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from nearfield_models.errors import DigestMismatchError, FetchError
from nearfield_models.manifest import PackFile
from nearfield_models.placing import storage_faults
from nearfield_models.verification import sha256_of

_BLOCK_BYTES = 1 << 20


class Intake:
    """A file that grows, block by block, up to the size that the manifest names."""

    def __init__(self, file: PackFile, stream: IO[bytes], received_bytes: int = 0) -> None:
        self._file = file
        self._stream = stream
        self.received_bytes = received_bytes

    def write(self, block: bytes) -> None:
        """Append a block.

        Raises:
            DigestMismatchError: The file would be larger than its manifest says.
            OSError: The disk does not take it.
        """
        self.received_bytes += len(block)
        if self.received_bytes > self._file.size_bytes:
            raise DigestMismatchError(
                f"{self._file.name} is longer than the {self._file.size_bytes} bytes that its manifest "
                f"names, so its sha256 is not {self._file.sha256}: refused"
            )
        self._stream.write(block)


def copy_in(file: PackFile, path: Path, target: Path) -> None:
    """Copy a file of this machine and check it.

    Raises:
        FetchError: It cannot be read.
        DigestMismatchError: Not the file that the manifest names.
        StorageError: The disk does not take it.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FetchError(f"{path} cannot be read: {error.strerror}") from error
    with stream:
        take_in(file, blocks_of(stream), target)


def blocks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a stream in blocks to its end."""
    while block := stream.read(_BLOCK_BYTES):
        yield block


def take_in(file: PackFile, blocks: Iterable[bytes], target: Path) -> None:
    """Write a file from blocks and check it.

    Raises:
        DigestMismatchError: Not the file that the manifest names.
        StorageError: The disk does not take it.
    """
    with storage_faults(target), target.open("wb") as stream:
        intake = Intake(file, stream)
        for block in blocks:
            intake.write(block)
    require_digest(file, target)


def require_digest(file: PackFile, path: Path) -> None:
    """Check a received file.

    Raises:
        DigestMismatchError: Not the file that the manifest names; the message has both digests.
    """
    found = sha256_of(path)
    if found != file.sha256:
        raise DigestMismatchError(
            f"{file.name} has sha256 {found}, its manifest names {file.sha256}: refused"
        )
