# ruff: noqa: RUF001 (phonemes are spelt in the International Phonetic Alphabet)
from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.errors import LexiconError
from nearfield_models.tts.lexicon import LexiconVoice, parse_lexicon, read_lexicon
from nearfield_models.tts.phrase import Phrase, Pronounced
from tests.fakes.tts import ToneVoice

SITE = """
# Names of this site
Nguyen = "wˈɪn"
Marx = "mˈɑːks"
Mats = "mˈæts"
nearfield = { say = "near field" }
"St Ives" = { say = "Saint Ives" }
St = { say = "street" }
Ives = { say = "eaves" }
B2 = { say = "bee too" }
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Nearfield is here.", "near field is here."),
        ("NEARFIELD's room in B2", "near field's room in bee too"),
        ("to St  Ives, not Ives", "to Saint Ives, not eaves"),
        ("nearfields are no nearfield", "nearfields are no near field"),
        ("nothing of it", "nothing of it"),
        ("", ""),
    ],
)
def test_words_are_replaced_whole_and_in_any_case_the_longest_first(text: str, said: str) -> None:
    lexicon = parse_lexicon(SITE, where="site.toml")
    applied = lexicon.applied(text)
    assert (applied if isinstance(applied, str) else applied.text) == said


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [("Nguyen", "wˈɪn"), ("nguyen's", "wˈɪnz"), ("Marx’s", "mˈɑːksɪz"), ("Mats's", "mˈætsɪz")],
)
def test_phonemes_are_told_and_take_the_english_ending(text: str, phonemes: str) -> None:
    applied = parse_lexicon(SITE, where="site.toml").applied(f"Ask {text}, please")
    assert applied == Phrase(runs=("Ask ", Pronounced(text=text, phonemes=phonemes), ", please"))


def test_a_phrase_keeps_its_rate_and_the_pronunciations_that_it_brings() -> None:
    lexicon = parse_lexicon(SITE, where="site.toml")
    own = Pronounced(text="Nguyen", phonemes="x")
    applied = lexicon.applied(Phrase(runs=("Nearfield ", own), rate=0.5))
    assert applied == Phrase(runs=("near field ", own), rate=0.5)


def test_a_voice_says_the_words_of_the_lexicon_and_others_as_they_are() -> None:
    tones = ToneVoice()
    voice = LexiconVoice(tones, parse_lexicon(SITE, where="site.toml"))
    assert len(list(voice.synthesise("Nearfield"))) == 2
    assert len(list(voice.synthesise("Hello"))) == 1
    assert tones.said == ["near field", "Hello"]
    assert voice.capabilities.voice == tones.capabilities.voice
    assert voice.capabilities.fingerprint.startswith(tones.capabilities.fingerprint)
    assert voice.capabilities.fingerprint != tones.capabilities.fingerprint


def test_two_lexicons_have_the_same_digest_only_if_they_say_the_same() -> None:
    one, same, other = (
        parse_lexicon(text, where="x").digest
        for text in ('a = "aː"\nb = "b"', 'b = "b"\nA = "aː"', 'a = "b"')
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('a = "aː"\nb = \nc = "c"', r"not valid TOML: .*line 2"),
        ('a = "aː"\n\nword = "win-dow"', r"line 3: 'word' has '-' in its phonemes"),
        ('a = "aː"\nword = "WIN"', r"line 2: 'word' has 'W' in its phonemes"),
        ('word = ""', r"line 1: 'word' has no phonemes"),
        ("word = 3", r"line 1: 'word' expected phonemes"),
        ('word = { says = "x" }', r"line 1: 'word' expected phonemes"),
        ('\n[word]\nsay = "…"', r"line 2: 'word' has nothing to say"),
        ('"-" = "a"', r"line 1: '-' is no word"),
        ('Word = "a"\nword = "b"', r"line 2: 'word' is there twice"),
    ],
)
def test_a_wrong_entry_is_told_with_file_line_and_word(content: str, fault: str) -> None:
    with pytest.raises(LexiconError, match=f"the lexicon site.toml.*{fault}") as caught:
        parse_lexicon(content, where="site.toml")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    (tmp_path / "long.toml").write_bytes(b"#" * 1_000_001)
    for name, fault in [("none", "No such file"), ("latin", "not UTF-8 at byte 5"), ("long", "shorten it")]:
        with pytest.raises(LexiconError, match=rf"{name}\.toml .*{fault}"):
            read_lexicon(tmp_path / f"{name}.toml")


@given(text=st.text(alphabet="kinKINſK 's.", max_size=40))
def test_any_text_can_be_looked_through_and_is_left_alone_without_a_word_of_the_lexicon(text: str) -> None:
    applied = parse_lexicon('kin = { say = "X" }\nis = { say = "X" }', where="site.toml").applied(text)
    words = re.findall(r"\w+", text.lower())
    assert (applied != text) == any(word in ("kin", "is") for word in words)
