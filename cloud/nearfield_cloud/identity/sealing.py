"""What must not be read by whoever gets hold of the database alone: sealed with a key that is a file."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nearfield_cloud.errors import ConfigurationError

SEALING_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Sealing:
    """AES-256-GCM with a random nonce; what is sealed is bound to what it is about."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, content: bytes, about: str) -> bytes:
        """Close it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Open it.

        Raises:
            ConfigurationError: It was sealed with another key, or about something else, or was altered.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise ConfigurationError(
                "something in the database was sealed with another key: name the right identity.sealing_key,"
                " or delete the rows of signing_key and kept_answer, which ends all tokens"
            ) from error
