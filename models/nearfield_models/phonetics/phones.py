# ruff: noqa: RUF001 (phones are spelt in the International Phonetic Alphabet)
"""The sounds of speech as features, and what it costs to hear one for another, or not at all.

A phone is one symbol of the International Phonetic Alphabet, without stress, length or other marks;
diphthongs and affricates are two. The features are those of the IPA chart, their values for place and manner
Kondrak's. He aligns words of related languages, where vowels say little; here they part words ("latte",
"lotta"), so height, backness and rounding weigh more than in his table.

Source: Kondrak, "A New Algorithm for the Alignment of Phonetic Sequences" (NAACL 2000), tables 3 and 4.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

Phone = str
"""One code point. A letter that is no phonetic symbol is taken too: it is like itself only."""

UNRELATED: Final = 1.0
"""Cost of hearing one phone for another that has nothing to do with it: the unit of all costs here."""
_STEPS: Final = 64
"""Costs are multiples of one part in so many: their sums are exact, and what is alike costs nothing."""
_CONTRAST: Final = 55.0
"""A difference of features that makes two phones unrelated."""

_PLACE: Final = {
    "bilabial": 1.0, "labiodental": 0.95, "dental": 0.9, "alveolar": 0.85, "retroflex": 0.8,
    "palato-alveolar": 0.75, "palatal": 0.7, "velar": 0.6, "uvular": 0.5, "glottal": 0.1,
}  # fmt: skip
_MANNER: Final = {
    "stop": 1.0, "fricative": 0.8, "tap": 0.7, "approximant": 0.6,
    "high": 0.4, "lowered": 0.3, "mid": 0.2, "open-mid": 0.1, "low": 0.0,
}  # fmt: skip
_BACKNESS: Final = {"front": 1.0, "central": 0.5, "back": 0.0}

_CONSONANTS: Final[Mapping[str, str]] = {
    "p": "bilabial stop", "b": "bilabial stop voiced", "t": "alveolar stop", "d": "alveolar stop voiced",
    "k": "velar stop", "ɡ": "velar stop voiced", "g": "velar stop voiced", "q": "uvular stop",
    "ʔ": "glottal stop", "m": "bilabial stop voiced nasal", "n": "alveolar stop voiced nasal",
    "ɲ": "palatal stop voiced nasal", "ŋ": "velar stop voiced nasal",
    "f": "labiodental fricative", "v": "labiodental fricative voiced", "θ": "dental fricative",
    "ð": "dental fricative voiced", "s": "alveolar fricative", "z": "alveolar fricative voiced",
    "ʃ": "palato-alveolar fricative", "ʒ": "palato-alveolar fricative voiced", "ç": "palatal fricative",
    "x": "velar fricative", "ɣ": "velar fricative voiced", "ʁ": "uvular fricative voiced",
    "χ": "uvular fricative", "h": "glottal fricative", "β": "bilabial fricative voiced",
    "ɬ": "alveolar fricative lateral", "ɾ": "alveolar tap voiced", "r": "alveolar approximant voiced rhotic",
    "ɹ": "retroflex approximant voiced rhotic", "l": "alveolar approximant voiced lateral",
    "ʎ": "palatal approximant voiced lateral", "j": "palatal approximant voiced",
    "ɥ": "palatal approximant voiced round", "w": "velar approximant voiced round",
}  # fmt: skip
_VOWELS: Final[Mapping[str, str]] = {
    "i": "high front", "y": "high front round", "ɨ": "high central", "u": "high back round",
    "ɪ": "lowered front", "ʏ": "lowered front round", "ᵻ": "lowered central", "ʊ": "lowered back round",
    "e": "mid front", "ø": "mid front round", "ə": "mid central", "ɚ": "mid central rhotic",
    "o": "mid back round", "ɛ": "open-mid front", "œ": "open-mid front round", "ɜ": "open-mid central",
    "ʌ": "open-mid central", "ɔ": "open-mid back round", "ɐ": "open-mid central", "æ": "low front",
    "a": "low front", "ɑ": "low back", "ɒ": "low back round",
}  # fmt: skip

_WEAK: Final = frozenset("əɐɪᵻʊɨhʔjwɾ")
"""What is swallowed or put in without anybody noticing."""
_UNRELEASED: Final = frozenset("tdɹɚ")
_SKIP_WEAK: Final = 26 / _STEPS
_SKIP_UNRELEASED: Final = 0.5
_SKIP: Final = 0.75


class _Features(NamedTuple):
    """Numbers as Kondrak gives them, 0 to 1."""

    is_vowel: bool
    place: float
    manner: float
    backness: float
    voiced: bool
    nasal: bool
    lateral: bool
    rhotic: bool
    rounded: bool


def _features(kind: str, is_vowel: bool) -> _Features:
    words = kind.split()
    back = next((_BACKNESS[word] for word in words if word in _BACKNESS), 0.0)
    # Kondrak compares a vowel with a consonant by place: front vowels are palatal, back ones velar.
    place = _PLACE["velar"] + back * (_PLACE["palatal"] - _PLACE["velar"])
    return _Features(
        is_vowel=is_vowel,
        place=next((_PLACE[word] for word in words if word in _PLACE), place),
        manner=next(_MANNER[word] for word in words if word in _MANNER),
        backness=back,
        voiced=is_vowel or "voiced" in words,
        nasal="nasal" in words,
        lateral="lateral" in words,
        rhotic="rhotic" in words,
        rounded="round" in words,
    )


_KNOWN: Final[Mapping[Phone, _Features]] = {
    **{phone: _features(kind, is_vowel=False) for phone, kind in _CONSONANTS.items()},
    **{phone: _features(kind, is_vowel=True) for phone, kind in _VOWELS.items()},
}


@cache  # of a few dozen symbols
def substitution_cost(heard: Phone, meant: Phone) -> float:
    """What it costs to hear one phone for another: 0 for the same, at most ``UNRELATED``; symmetric."""
    if heard == meant:
        return 0.0
    one, other = _KNOWN.get(heard), _KNOWN.get(meant)
    if one is None or other is None:
        return UNRELATED
    rhotic = 10 * (one.rhotic != other.rhotic)
    if one.is_vowel and other.is_vowel:
        contrast = (
            50 * abs(one.manner - other.manner)
            + 12 * abs(one.backness - other.backness)
            + 5 * (one.rounded != other.rounded)
            + rhotic / 2
        )
    else:
        contrast = (
            50 * abs(one.manner - other.manner)
            + 40 * abs(one.place - other.place)
            + 10 * (one.voiced != other.voiced)
            + 10 * (one.nasal != other.nasal)
            + 10 * (one.lateral != other.lateral)
            + 5 * (one.is_vowel != other.is_vowel)
            + rhotic
        )
    return min(UNRELATED, round(contrast / _CONTRAST * _STEPS) / _STEPS)


def skip_cost(phone: Phone) -> float:
    """What it costs to miss a phone, or to hear one where none was: less for what is spoken faintly."""
    if phone in _WEAK:
        return _SKIP_WEAK
    return _SKIP_UNRELEASED if phone in _UNRELEASED else _SKIP


def plain_phones(symbols: Iterable[str]) -> tuple[Phone, ...]:
    """Take stress, length and other marks from symbols of a lexicon, and cut them to single phones."""
    text = unicodedata.normalize("NFD", "".join(symbols))
    return tuple(mark for mark in text if unicodedata.category(mark) in ("Ll", "Lo", "Lu"))
