"""The document: XML without anything that XML can do beyond elements, attributes and text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from nearfield_models.errors import SsmlError
from nearfield_models.tts.pieces import Piece
from nearfield_models.tts.ssml.elements import Reading
from nearfield_models.tts.ssml.vocabulary import NAMESPACES, XML_LANG, check_element

_SEPARATOR: Final = " "
_REASONS: Final[Mapping[int, str]] = {
    3: "the document ends before <speak> has ended",
    4: "this is no XML: in a text, & is written &amp; and < is written &lt;",
    11: "only the entities &amp; &lt; &gt; &apos; and &quot; are known",
}
"""In place of some of Expat's, by its codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SsmlLimits:
    """What is refused as too much."""

    most_characters: int = 20_000
    most_elements: int = 1_000
    deepest: int = 24
    most_silence_ms: int = 60_000
    """Of all breaks together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Something that is not honoured, and is no error."""

    what: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssml:
    """A document that was read."""

    pieces: tuple[Piece, ...]
    ignored: tuple[Ignored, ...]


def is_ssml(text: str) -> bool:
    """Whether a text wants to be read as marked-up speech."""
    return text.lstrip().startswith(("<speak", "<?xml"))


def parse_ssml(document: str, *, language: str, voice: str = "", limits: SsmlLimits | None = None) -> Ssml:
    """Read a document.

    Args:
        document: XML whose root is ``speak``.
        language: Of the voice that will speak.
        voice: Its name.
        limits: What is too much; None for the defaults.

    Raises:
        SsmlError: It is no XML, not of this vocabulary, or too much.
    """
    limits = limits or SsmlLimits()
    if len(document) > limits.most_characters:
        fault = f"a document of {len(document)} characters is too long: at most {limits.most_characters}"
        raise SsmlError(fault, line=1, column=1)
    return _Parser(limits, language, voice).parse(document)


class _Parser:
    """Expat's events, checked and told to ``Reading`` with the place they stand at."""

    def __init__(self, limits: SsmlLimits, language: str, voice: str) -> None:
        self._limits = limits
        self._reading = Reading(
            language=language, voice=voice, most_silence_ms=limits.most_silence_ms, ignore=self._ignore
        )
        self._ignored: list[Ignored] = []
        self._elements = 0
        self._depth = 0
        self._foreign = 0
        """How deep inside an element of another namespace."""
        expat_parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        expat_parser.buffer_text = True
        expat_parser.StartDoctypeDeclHandler = self._doctype
        expat_parser.StartElementHandler = self._start
        expat_parser.EndElementHandler = self._end
        expat_parser.CharacterDataHandler = self._text
        self._expat = expat_parser

    def parse(self, document: str) -> Ssml:
        try:
            self._expat.Parse(document, True)
        except expat.ExpatError as error:
            reason = _REASONS.get(error.code, expat.ErrorString(error.code))
            raise SsmlError(reason, line=error.lineno, column=error.offset + 1) from error
        except UnicodeEncodeError as error:
            before = document[: error.start]
            column = error.start - before.rfind("\n")
            fault = "half a surrogate pair is no character"
            raise SsmlError(fault, line=before.count("\n") + 1, column=column) from error
        return Ssml(pieces=self._reading.finished(), ignored=tuple(self._ignored))

    def _doctype(self, *_: object) -> None:
        raise self._fault("a document type is not taken: leave <!DOCTYPE …> out")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > self._limits.most_elements:
            raise self._fault(f"more than {self._limits.most_elements} elements")
        if self._depth > self._limits.deepest:
            raise self._fault(f"elements inside each other more than {self._limits.deepest} deep")
        namespace, _, local = name.rpartition(_SEPARATOR)
        if self._foreign or (namespace not in NAMESPACES and self._depth > 1):
            self._foreign += 1
            if self._foreign == 1:
                self._ignore(f"<{local}> of another namespace, with what it holds")
            return
        if self._depth == 1 and (namespace not in NAMESPACES or local != "speak"):
            raise self._fault(f"the outermost element is <{local}>: expected <speak>")
        with self._placed():
            given = {self._attribute(key): value for key, value in attributes.items()}
            self._reading.start(local, check_element(local, given, self._ignore))

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._foreign:
            self._foreign -= 1
            return
        with self._placed():
            self._reading.end()

    def _text(self, text: str) -> None:
        if not self._foreign:
            with self._placed():
                self._reading.text(text)

    @staticmethod
    def _attribute(key: str) -> str:
        namespace, _, local = key.rpartition(_SEPARATOR)
        if key == XML_LANG:
            return "xml:lang"
        return f"{namespace}:{local}" if namespace else local

    def _ignore(self, what: str) -> None:
        self._ignored.append(Ignored(what=what, line=self._line, column=self._column))

    @contextmanager
    def _placed(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise self._fault(str(error)) from error

    def _fault(self, fault: str) -> SsmlError:
        return SsmlError(fault, line=self._line, column=self._column)

    @property
    def _line(self) -> int:
        return self._expat.CurrentLineNumber

    @property
    def _column(self) -> int:
        return self._expat.CurrentColumnNumber + 1
