"""Texts sealed in a database, and digests to find them by without opening them.

Each text is AES-256-GCM under a key of its file, derived from the device's key and a random salt; what it is
about (table, row) is authenticated with it, so that a text moved to another row is refused. A text is sealed
anew with a random nonce of 96 bits each time it is written: far below the 2³² texts a key may seal.

Source: NIST SP 800-38D §8 for nonces; RFC 2104 for digests.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from nearfield_edge.errors import RecordError
from nearfield_edge.records.keys import KeyStore
from nearfield_sync.database import Database

SEAL_TABLE: Final = "CREATE TABLE seal (salt BLOB NOT NULL, key_id TEXT NOT NULL);"
"""Belongs into the first migration of a database whose texts are sealed."""

_SALT_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class TextSeal:
    """Seals and opens the texts of one file."""

    def __init__(self, keys: KeyStore, salt: bytes) -> None:
        """Derive the file's keys.

        Raises:
            RecordError: The device's key cannot be had.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(keys.derive(salt + b"text"))
        self._digest_key = keys.derive(salt + b"digest")

    def seal(self, text: str, about: str) -> bytes:
        """The text, readable with the device's key alone."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), about.encode())

    def open(self, sealed: bytes, about: str) -> str:
        """The text.

        Raises:
            RecordError: It was altered or moved, or the device's key is another one.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise RecordError(
                f"{about} cannot be opened: it was altered, or the device's key is another one"
            ) from error

    def digest(self, *parts: str) -> bytes:
        """32 bytes that are the same for the same texts, and tell nothing of them without the key."""
        framed = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.new(self._digest_key, framed, hashlib.sha256).digest()


def open_seal(database: Database, keys: KeyStore) -> TextSeal | None:
    """The seal of a database; None where its texts were sealed with another key.

    Raises:
        RecordError: The device's key cannot be had.
        DatabaseError: The file cannot be read or written.
    """
    keys.ensure()
    key_id = keys.key_id()
    with database.transaction():
        rows = database.execute("SELECT salt, key_id FROM seal")
        if not rows:
            salt = secrets.token_bytes(_SALT_BYTES)
            database.execute("INSERT INTO seal VALUES (?, ?)", (salt, key_id))
            return TextSeal(keys, salt)
    ((salt, known_id),) = rows
    return TextSeal(keys, salt) if known_id == key_id else None
