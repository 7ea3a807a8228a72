"""What the elements mean: from checked elements and text to pieces of speech."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nearfield_models.tts.phrase import Pronounced
from nearfield_models.tts.pieces import Piece
from nearfield_models.tts.reading.say_as import KINDS, say_as
from nearfield_models.tts.ssml import values
from nearfield_models.tts.ssml.draft import Draft, Manner
from nearfield_models.tts.ssml.vocabulary import EMPTY, SILENT, TEXT_ONLY

PARAGRAPH_MS: Final = 400
_ALPHABETS: Final = ("ipa", "")


@dataclass(slots=True)
class _Open:
    """An element that has begun."""

    name: str
    attributes: Mapping[str, str]
    manner: Manner
    """Of what it holds."""
    text: str = ""
    """Of an element that holds text only."""


class Reading:
    """Takes elements and text in the order of the document."""

    def __init__(
        self, *, language: str, voice: str, most_silence_ms: int, ignore: Callable[[str], None]
    ) -> None:
        self._language = language
        self._voice = voice
        self._silence_left_ms = most_silence_ms
        self._ignore = ignore
        self._drafts = [Draft()]
        """The document, and on top of it what is said instead of a recording."""
        self._open: list[_Open] = []
        self._silent = 0
        """How deep inside an element that nothing is said of."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins.

        Raises:
            ValueError: It cannot stand here, or a value cannot be read.
        """
        within = self._open[-1] if self._open else None
        if within is not None and within.name in (*TEXT_ONLY, *EMPTY):
            raise ValueError(f"<{within.name}> cannot hold <{name}>")
        if within is not None and name == "speak":
            raise ValueError("<speak> cannot stand inside another element")
        manner = within.manner if within is not None else Manner()
        self._open.append(_Open(name, attributes, self._inside(name, attributes, manner)))
        if name in SILENT:
            self._silent += 1
            if name != "desc":
                self._ignore(f"<{name}>")
        elif not self._silent:
            self._begin(name, attributes)

    def text(self, text: str) -> None:
        """Text inside the element that began last.

        Raises:
            ValueError: It cannot hold text.
        """
        if self._silent or not self._open:
            return
        within = self._open[-1]
        if within.name in EMPTY and text.strip():
            raise ValueError(f"<{within.name}> holds no text")
        if within.name in TEXT_ONLY:
            within.text += text
        else:
            self._drafts[-1].say(text, within.manner)

    def end(self) -> None:
        """The element that began last ends.

        Raises:
            ValueError: What it holds cannot be used.
        """
        ended = self._open.pop()
        if ended.name in SILENT:
            self._silent -= 1
        elif not self._silent:
            self._finish(ended)

    def finished(self) -> tuple[Piece, ...]:
        """The pieces, when the document has ended."""
        return self._drafts[0].finished()

    def _inside(self, name: str, attributes: Mapping[str, str], around: Manner) -> Manner:
        rate, gain = around.rate, around.gain
        if name == "prosody":
            rate *= values.rate(attributes.get("rate", "default"))
            gain *= values.gain(attributes.get("volume", "default"))
        elif name == "emphasis":
            level = values.one_of(attributes.get("level", "moderate"), values.EMPHASES)
            rate *= values.EMPHASES[level][0]
            gain *= values.from_decibels(values.EMPHASES[level][1])
        return Manner(rate=min(max(rate, values.SLOWEST), values.FASTEST), gain=gain)

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        language = attributes.get("xml:lang") or attributes.get("languages")
        if language and not _is_spoken_by(language, self._language):
            self._ignore(f"language {language}: the voice speaks {self._language}")
        if name == "voice" and attributes.get("name", self._voice) != self._voice:
            self._ignore(f"voice {attributes['name']}: the voice is {self._voice or 'another'}")
        if name in ("p", "s"):
            self._drafts[-1].end_sentence(PARAGRAPH_MS if name == "p" else 0)
        elif name == "audio":
            self._drafts.append(Draft())

    def _finish(self, ended: _Open) -> None:
        draft = self._drafts[-1]
        match ended.name:
            case "p" | "s":
                draft.end_sentence(PARAGRAPH_MS if ended.name == "p" else 0)
            case "break":
                draft.silence(self._length_ms(ended.attributes))
            case "mark":
                draft.mark(ended.attributes["name"])
            case "sub":
                draft.say(ended.attributes["alias"], ended.manner)
            case "say-as":
                draft.say(self._said_as(ended), ended.manner)
            case "phoneme":
                draft.say(self._pronounced(ended), ended.manner)
            case "audio":
                self._sound(ended)

    def _length_ms(self, attributes: Mapping[str, str]) -> int:
        if "time" in attributes:
            length_ms = values.time_ms(attributes["time"])
        else:
            strength = values.one_of(attributes.get("strength", "medium"), values.BREAKS_MS)
            length_ms = values.BREAKS_MS[strength]
        self._silence_left_ms -= length_ms
        if self._silence_left_ms < 0:
            raise ValueError("the breaks are longer together than is allowed")
        return length_ms

    def _said_as(self, ended: _Open) -> str:
        kind = ended.attributes["interpret-as"]
        if kind not in KINDS:
            self._ignore(f"interpret-as {kind} of <say-as>")
            return ended.text
        said = say_as(ended.text.strip(), kind, ended.attributes.get("format", ""), self._language)
        if said is None:
            self._ignore(f"<say-as>: its text is no {kind}")
            return ended.text
        return said

    def _pronounced(self, ended: _Open) -> str | Pronounced:
        alphabet = ended.attributes.get("alphabet", "")
        if alphabet not in _ALPHABETS:
            self._ignore(f"alphabet {alphabet} of <phoneme>")
            return ended.text
        return Pronounced(text=ended.text, phonemes=ended.attributes["ph"].strip())

    def _sound(self, ended: _Open) -> None:
        instead = self._drafts.pop().finished()
        draft = self._drafts[-1]
        level = values.gain(ended.attributes.get("soundLevel", "default"))
        if "src" in ended.attributes:
            draft.sound(ended.attributes["src"], ended.manner.gain * level, instead)
        else:
            draft.add(instead)


def _is_spoken_by(language: str, voice_language: str) -> bool:
    """Whether a voice speaks a language; its dialect does not matter."""
    wanted = {part.split("-")[0] for part in language.casefold().replace("_", "-").split()}
    return voice_language.casefold().replace("_", "-").split("-")[0] in wanted
