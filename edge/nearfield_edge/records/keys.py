"""The key that recordings are encrypted with.

Recordings never see the device's key: each asks for a key of its own, derived from the device's key and a
random salt. A key store may therefore sit in a TPM or secure element that derives inside and lets nothing
out; the one here is a file.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final, Protocol

from nearfield_edge.errors import RecordError

KEY_BYTES: Final = 32
_PURPOSE: Final = b"nearfield recording key, format 1"


class KeyStore(Protocol):
    """Keeps the device's key.

    Contract for implementers: ``derive`` is a function of the device's key and the salt, 32 bytes that reveal
    nothing of the key or of other salts' results (HKDF-SHA256, RFC 5869, for the file). A lost or replaced
    key is an error, never a new key: what it encrypted would be lost in silence.
    """

    def ensure(self) -> None:
        """Make the device's key if there has never been one.

        Raises:
            RecordError: It cannot be made, or the one there cannot be trusted.
        """
        ...

    def key_id(self) -> str:
        """A short name of the key, which reveals nothing of it.

        Raises:
            RecordError: There is no key, or it cannot be trusted.
        """
        ...

    def derive(self, salt: bytes) -> bytes:
        """32 bytes for one recording.

        Raises:
            RecordError: There is no key, or it cannot be trusted.
        """
        ...


class FileKeyStore:
    """The key as 32 bytes in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ensure(self) -> None:
        """Make the key if there is none; two processes at once end up with one key.

        Raises:
            RecordError: It cannot be written, or the one there cannot be trusted.
        """
        if not self._path.exists():
            self._create()
        self._read()

    def key_id(self) -> str:
        """The first 16 hexadecimal digits of a digest of the key.

        Raises:
            RecordError: There is no key, or it cannot be trusted.
        """
        return hashlib.sha256(b"nearfield key id" + self._read()).hexdigest()[:16]

    def derive(self, salt: bytes) -> bytes:
        """HKDF-SHA256 of the key and the salt.

        Source: RFC 5869.

        Raises:
            RecordError: There is no key, or it cannot be trusted.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=_PURPOSE).derive(self._read())

    def _create(self) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                self._place(temporary)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise RecordError(
                f"key file {self._path} cannot be written ({error.strerror}): name a folder that the device's"
                " user may write, on a disk with space"
            ) from error

    def _place(self, temporary: Path) -> None:
        try:
            # A link never replaces what is there: the first of two processes wins.
            os.link(temporary, self._path)
        except FileExistsError:
            return
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise RecordError(
                f"key file {self._path} cannot be opened ({error.strerror}): put the device's key back;"
                " without it earlier recordings stay unreadable"
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            self._refuse_untrusted(os.fstat(file.fileno()))
            key = file.read(KEY_BYTES + 1)
        if len(key) != KEY_BYTES:
            raise RecordError(
                f"key file {self._path} holds {'more than ' if len(key) > KEY_BYTES else ''}"
                f"{min(len(key), KEY_BYTES)} bytes instead of {KEY_BYTES}: put the device's key back"
            )
        return key

    def _refuse_untrusted(self, status: os.stat_result) -> None:
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISREG(status.st_mode):
            raise RecordError(f"key file {self._path} is not a plain file: put the device's key there")
        if mode & 0o077:
            raise RecordError(
                f"key file {self._path} may be read or written by others (mode {mode:04o}, 0600 is expected):"
                f" run `chmod 600 {self._path}` and think about who has seen it"
            )
        if status.st_uid not in (os.geteuid(), 0):
            raise RecordError(
                f"key file {self._path} belongs to user {status.st_uid}, expected {os.geteuid()}: give it to"
                " the device's user"
            )
