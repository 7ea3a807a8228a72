# ruff: noqa: RUF001 (phonemes are spelt in the International Phonetic Alphabet)
from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.tts.espeak_phonemes import EspeakPhonemiser
from nearfield_models.tts.gruut_phonemes import GruutPhonemiser, spell_out
from nearfield_models.tts.phonemes import Phonemiser, phoneme_ids

ID_MAP = {"_": [0], "^": [1], "$": [2], " ": [3], "a": [14], "b": [15], "ˈ": [120]}


@pytest.fixture(scope="module")
def gruut() -> GruutPhonemiser:
    return GruutPhonemiser()


def spelt(phonemiser: Phonemiser, text: str) -> list[str]:
    return ["".join(sentence) for sentence in phonemiser.sentences(text)]


def test_a_sentence_is_numbered_with_begin_pads_and_end() -> None:
    assert phoneme_ids("ˈa b", ID_MAP).ids == (1, 0, 120, 0, 14, 0, 3, 0, 15, 0, 2)


def test_unknown_phonemes_are_dropped_and_counted() -> None:
    numbered = phoneme_ids("aξbξ", ID_MAP)
    assert numbered.ids == phoneme_ids("ab", ID_MAP).ids
    assert numbered.dropped == 2


@given(phonemes=st.text(alphabet="ab ˈx"))
def test_every_known_phoneme_is_followed_by_a_pad(phonemes: str) -> None:
    numbered = phoneme_ids(phonemes, ID_MAP)
    known = len(phonemes) - numbered.dropped
    assert len(numbered.ids) == 2 * known + 3
    assert set(numbered.ids[1::2]) == {0}


def test_words_stress_and_punctuation_are_kept(gruut: GruutPhonemiser) -> None:
    assert spelt(gruut, "Hello, world!") == ["həlˈoʊ, wˈɜːld!"]


def test_each_sentence_comes_by_itself(gruut: GruutPhonemiser) -> None:
    assert spelt(gruut, "Is it three? Yes: at four.") == ["ɪz ɪɾ θɹˈiː?", "jˈɛs: æɾ fˈoːɹ."]


def test_phonemes_are_single_decomposed_code_points(gruut: GruutPhonemiser) -> None:
    (sentence,) = gruut.sentences("A large quotient, rolled by the façade's curtain.")
    assert all(len(phoneme) == 1 for phoneme in sentence)
    assert unicodedata.normalize("NFD", "".join(sentence)) == "".join(sentence)


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "\n"])
def test_text_without_a_word_has_no_phonemes(gruut: GruutPhonemiser, text: str) -> None:
    assert spelt(gruut, text) == []


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("Room B2", "Room B two"),
        ("The password is guest1234", "The password is guest one two three four"),
        ("at 3 pm", "at three P M"),
        ("Room 204", "Room two hundred and four"),
        ("twenty-five percent", "25%"),
    ],
)
def test_figures_are_said_as_people_say_them(gruut: GruutPhonemiser, text: str, like: str) -> None:
    assert [word.replace("-", " ") for word in spelt(gruut, text)] == spelt(gruut, like)


def test_a_word_is_said_the_same_whether_it_was_met_before_or_not(gruut: GruutPhonemiser) -> None:
    fresh = GruutPhonemiser()
    for text in ("Smith's café booked the Wi-Fi", "zyzzogeton smith's SMITH'S"):
        assert spelt(fresh, text) == spelt(fresh, text) == spelt(gruut, text)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("B2", "B 2"),
        ("guest1234", "guest 1 2 3 4"),
        ("room A01 and 2nd", "room A 0 1 and 2nd"),
        ("WPA2", "W P A 2"),
        ("3 pm, 4PM", "3pm, 4PM"),
        ("nothing to do", "nothing to do"),
        ("12.40 and 4:30", "12.40 and 4:30"),
    ],
)
def test_letters_and_digits_in_one_word_are_parted(written: str, spoken: str) -> None:
    assert spell_out(written) == spoken


def test_espeak_spells_as_the_voices_were_trained() -> None:
    pytest.importorskip("piper", reason="the extra tts-piper is not installed")
    espeak = EspeakPhonemiser()
    assert spelt(espeak, "Hello, world!") == ["həlˈoʊ, wˈɜːld!"]
    assert spelt(espeak, "...") == []
