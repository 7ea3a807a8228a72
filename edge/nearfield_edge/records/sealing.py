"""Sound sealed in a stream of chunks, so that a long recording never lies whole in memory or in the clear.

::

    file    = "NFREC" version:u8  length:u32 header  salt:32  chunk*
    header  = JSON, readable and authenticated: turn, start, rate, versions, key id
    chunk   = length:u32 ciphertext, whose last 16 bytes are the tag

Each file has a key of its own from the device's key and the salt. Chunks are AES-256-GCM; the nonce is the
chunk's number and whether it is the last one, and everything before the first chunk is authenticated with
each. So a chunk altered, left out, repeated, swapped or taken from another file is refused, and so is a file
that was cut short, even at the end of a chunk. Integers are big-endian.

Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance", 2015; NIST SP 800-38D for GCM.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO, Final

from nearfield_edge.errors import RecordError

MAGIC: Final = b"NFREC\x01"
SALT_BYTES: Final = 32
TAG_BYTES: Final = 16
CHUNK_BYTES: Final = 64 * 1024
"""Sound in a full chunk: two seconds."""
LARGEST_HEADER_BYTES: Final = 64 * 1024
_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeader:
    """What is known of a recording without its key."""

    turn_id: str
    device_id: str
    started_at: str
    """UTC, ISO 8601."""
    versions: dict[str, str]
    """Models, skills and software of the turn."""
    key_id: str
    sample_rate_hz: int = 16_000
    channel: str = "microphone"


def preamble(header: RecordingHeader, salt: bytes) -> bytes:
    """Everything before the first chunk.

    Raises:
        RecordError: The header is too large.
    """
    text = json.dumps(asdict(header), ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > LARGEST_HEADER_BYTES:
        raise RecordError(
            f"recording of turn {header.turn_id}: its header has {len(text)} bytes, at most"
            f" {LARGEST_HEADER_BYTES} are kept: name fewer versions"
        )
    return MAGIC + len(text).to_bytes(_LENGTH_BYTES) + text + salt


def seal(key: bytes, authenticated: bytes, number: int, pcm: bytes, *, last: bool) -> bytes:
    """One chunk as it is written.

    Args:
        key: 32 bytes, of this file alone.
        authenticated: The preamble.
        number: Counts chunks from 0.
        pcm: The sound, int16 little-endian.
        last: Whether the recording ends with it.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    sealed = AESGCM(key).encrypt(_nonce(number, last=last), pcm, authenticated)
    return len(sealed).to_bytes(_LENGTH_BYTES) + sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """The beginning of a file, taken apart."""

    header: RecordingHeader
    salt: bytes
    salt_position: int
    """Where the salt begins: without it the file can never be read again."""
    raw: bytes


def read_preamble(file: BinaryIO, name: str) -> Preamble:
    """Read the beginning of a file.

    Raises:
        RecordError: It is no recording, of another version, or cut short.
    """
    head = file.read(len(MAGIC) + _LENGTH_BYTES)
    if not head.startswith(MAGIC) or len(head) < len(MAGIC) + _LENGTH_BYTES:
        raise RecordError(f"{name} is no recording of this version: it should begin with {MAGIC!r}")
    length = int.from_bytes(head[len(MAGIC) :])
    if length > LARGEST_HEADER_BYTES:
        raise RecordError(f"{name} is damaged: its header claims {length} bytes")
    text = file.read(length)
    salt = file.read(SALT_BYTES)
    try:
        header = RecordingHeader(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise RecordError(f"{name} is damaged: its header cannot be read") from error
    if len(salt) < SALT_BYTES:
        raise RecordError(f"{name} was cut short in its header")
    raw = head + text + salt
    return Preamble(header=header, salt=salt, salt_position=len(raw) - SALT_BYTES, raw=raw)


def unseal(file: BinaryIO, key: bytes, authenticated: bytes, name: str) -> Iterator[bytes]:
    """Yield the sound chunk by chunk, each only after it was found genuine.

    Raises:
        RecordError: A chunk was altered, moved or left out, the file was cut short, something follows its
            end, or the key is another one.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(key)
    number = 0
    sealed = _read_chunk(file, name)
    while sealed is not None:
        following = _read_chunk(file, name)
        try:
            yield cipher.decrypt(_nonce(number, last=following is None), sealed, authenticated)
        except InvalidTag as error:
            raise RecordError(
                f"{name} cannot be trusted from second {number * CHUNK_BYTES // 32_000} on: it was altered or"
                " cut short, or the device's key is another one"
            ) from error
        number += 1
        sealed = following
    if number == 0:
        raise RecordError(f"{name} was cut short before its first sound")


def _read_chunk(file: BinaryIO, name: str) -> bytes | None:
    head = file.read(_LENGTH_BYTES)
    if not head:
        return None
    length = int.from_bytes(head)
    if len(head) < _LENGTH_BYTES or not TAG_BYTES <= length <= CHUNK_BYTES + TAG_BYTES:
        raise RecordError(f"{name} is damaged: a chunk claims {length} bytes")
    sealed = file.read(length)
    if len(sealed) < length:
        raise RecordError(f"{name} was cut short within a chunk")
    return sealed


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])
