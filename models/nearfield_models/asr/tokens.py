"""The token table of a recogniser: text to token ids and back.

Pieces are SentencePiece's, with ``▁`` for a space; ids 3 to 258 are the 256 single bytes, for what has no
piece of its own. A table of other make may write those as ``<0xXX>``; both are read.

Source: SentencePiece's BPE (Kudo and Richardson, 2018).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from nearfield_models.errors import EngineError, PackDamagedError

START: Final = 1
END: Final = 2

_SPACE: Final = "▁"
_LARGEST_FILE_BYTES: Final = 16 * 1024 * 1024
_WRITTEN_BYTE: Final = re.compile(rb"<0x([0-9A-F]{2})>")
_CONTROL: Final = re.compile(rb"<unk>|<s>|</s>|<<ST_\d+>>|")
# No piece goes on past a space, so words are merged one by one.
_WORD: Final = re.compile(f"{_SPACE}*[^{_SPACE}]+|{_SPACE}+")


def read_pieces(file: Path) -> tuple[bytes, ...]:
    """Read the bytes of every piece, by id, from a Moonshine ``tokenizer.bin``.

    Raises:
        PackDamagedError: The file cannot be read, is torn, or is far too large or too small to be a table.
    """
    try:
        size = file.stat().st_size
        if size > _LARGEST_FILE_BYTES:
            raise PackDamagedError(
                f"token table {file} has {size} bytes and cannot be one: fetch its pack again"
            )
        content = file.read_bytes()
    except OSError as error:
        raise PackDamagedError(f"token table {file} cannot be read: fetch its pack again") from error
    pieces = tuple(split_pieces(content, str(file)))
    if len(pieces) <= END:
        raise PackDamagedError(
            f"token table {file} holds {len(pieces)} pieces and cannot be one: fetch its pack again"
        )
    return pieces


def split_pieces(content: bytes, origin: str) -> Iterator[bytes]:
    """Yield the pieces that a ``tokenizer.bin`` holds.

    Each is a length (one byte, or two when the first is 128 or more: ``(first - 128) + second * 128``) and
    that many bytes; length 0 is a token without text.

    Args:
        content: The file.
        origin: What to call it in an error.

    Raises:
        PackDamagedError: It ends within a piece.

    Source: moonshine-ai/moonshine, ``core/bin-tokenizer``.
    """
    at = 0
    while at < len(content):
        begin = at
        length, at = content[at], at + 1
        if length >= 128 and at < len(content):
            length, at = content[at] * 128 + length - 128, at + 1
        if at + length > len(content):
            raise PackDamagedError(
                f"token table {origin} ends within the piece at byte {begin}: fetch its pack again"
            )
        yield content[at : at + length]
        at += length


class Tokens:
    """A token table in use."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = tuple(pieces)
        # A byte that is a piece of its own as well stands twice; the later id is the one in use.
        self._ids = {piece: token for token, piece in enumerate(pieces) if not _CONTROL.fullmatch(piece)}
        self._bytes = _byte_ids(self._pieces)
        self._spoken = tuple(_spoken(piece) for piece in self._pieces)

    @classmethod
    def read(cls, file: Path) -> Tokens:
        """Read a ``tokenizer.bin``.

        Raises:
            PackDamagedError: The file cannot be read, is torn, or is far too large to be a table.
        """
        return cls(read_pieces(file))

    def __len__(self) -> int:
        return len(self._pieces)

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of every piece by id, with ``▁`` for a space."""
        return self._pieces

    def encode(self, text: str) -> tuple[int, ...]:
        """Split text into the tokens that the model would write it in.

        The text is taken as it stands (case, digits and punctuation matter), as the beginning of a sentence.

        Raises:
            EngineError: The table has neither a piece nor bytes for a character.
        """
        spaced = _SPACE + text.replace(" ", _SPACE) if text else ""
        return tuple(token for word in _WORD.findall(spaced) for token in self._merge(word))

    def decode(self, tokens: Iterable[int]) -> str:
        """Join tokens to text; control tokens say nothing, a torn character becomes U+FFFD.

        Raises:
            EngineError: A token that the table does not have.
        """
        try:
            data = b"".join(self._spoken[token] for token in tokens)
        except IndexError as error:
            raise EngineError(
                f"a token lies outside the table's {len(self._pieces)}: model and table do not match"
            ) from error
        return data.decode("utf-8", errors="replace").removeprefix(" ")

    def _merge(self, word: str) -> list[int]:
        """Byte-pair merges within a word: of all neighbours that make a piece, the lowest id first."""
        parts = [character.encode() for character in word]
        while True:
            merges = [
                (token, at)
                for at in range(len(parts) - 1)
                if (token := self._ids.get(parts[at] + parts[at + 1])) is not None
            ]
            if not merges:
                break
            at = min(merges)[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [token for part in parts for token in self._ids_of(part)]

    def _ids_of(self, part: bytes) -> list[int]:
        if part in self._ids:
            return [self._ids[part]]
        try:
            return [self._bytes[byte] for byte in part]
        except KeyError as error:
            raise EngineError(f"the token table has no piece for {part.decode()!r}") from error


def _byte_ids(pieces: Sequence[bytes]) -> dict[int, int]:
    """The ids that stand for single bytes."""
    found: dict[int, int] = {}
    for token, piece in enumerate(pieces):
        written = _WRITTEN_BYTE.fullmatch(piece)
        if written:
            found[int(written[1], 16)] = token
        elif len(piece) == 1:
            found.setdefault(piece[0], token)
    return found


def _spoken(piece: bytes) -> bytes:
    if _CONTROL.fullmatch(piece):
        return b""
    if written := _WRITTEN_BYTE.fullmatch(piece):
        return bytes([int(written[1], 16)])
    return piece.replace(_SPACE.encode(), b" ")
