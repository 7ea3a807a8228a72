"""Secrets that are shown once: made with 256 bits, kept as digests, compared in a time that tells nothing.

A digest without salt or stretching will do for secrets of this size, which nobody can guess through.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_secret() -> str:
    """256 bits, in letters that go into headers and addresses."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """Of something that is to be named and is no secret; 64 bits."""
    return secrets.token_hex(8)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def fits(secret: str, kept: str) -> bool:
    """Whether a digest is of this secret, in a time that does not depend on it."""
    return hmac.compare_digest(digest(secret), kept)
