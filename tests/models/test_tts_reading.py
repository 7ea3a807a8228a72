# ruff: noqa: RUF001 (signs that look like others are what this is about)
from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nearfield_models.tts.reading import spoken
from nearfield_models.tts.reading.abbreviations import SHORTENED

READ = {
    "numbers": [
        ("2 lattes", "two lattes"),
        ("204", "two hundred and four"),
        ("1,234,567", "one million two hundred and thirty-four thousand five hundred and sixty-seven"),
        ("4.50", "four point five zero"),
        ("007", "zero zero seven"),
        ("1234567", "one two three four five six seven"),
        ("1st, 22nd and 101st", "first, twenty-second and one hundred and first"),
        ("1/2, 3/4 and 2½", "one half, three quarters and two and a half"),
        ("2-3 or 10–15", "two to three or ten to fifteen"),
        ("10-15min", "ten to fifteen minutes"),
        ("16:9", "sixteen to nine"),
        ("-5", "minus five"),
        ("#5 or No. 5", "number five or number five"),
        ("1.2.3", "one point two point three"),
        ("٣", "three"),
    ],
    "money": [
        ("£3.20", "three pounds twenty"),
        ("£1", "one pound"),
        ("£1,250.05", "one thousand two hundred and fifty pounds and five pence"),
        ("$0.05 or €0.50", "five cents or fifty cents"),
        ("€2.5m", "two point five million euros"),
        ("50p", "fifty pence"),
        ("5 USD", "five dollars"),
        ("£5-£10", "five pounds to ten pounds"),
    ],
    "times": [
        ("at 5:30 PM", "at five thirty P M"),
        ("10:00", "ten o'clock"),
        ("17:05", "seventeen oh five"),
        ("14:00", "fourteen hundred"),
        ("00:00", "midnight"),
        ("9am-5pm", "nine eh M to five P M"),
        ("5-7pm or 9 a.m.-5 p.m.", "five to seven P M or nine eh M to five P M."),
        ("open until 5 p.m. Then closed.", "open until five P M. Then closed."),
    ],
    "dates": [
        ("3 March 2025", "the third of March twenty twenty-five"),
        ("on the 3rd of March", "on the third of March"),
        ("March 3, 2025", "March third, twenty twenty-five"),
        ("Dec. 25", "December twenty-fifth"),
        ("2025-03-04", "March fourth, twenty twenty-five"),
        ("3/4/2025", "March fourth, twenty twenty-five"),
        ("25/12/2025", "December twenty-fifth, twenty twenty-five"),
        ("3.4.2025", "the third of April twenty twenty-five"),
        ("in 1984", "in nineteen eighty-four"),
        ("from 2019 to 2025", "from twenty nineteen to twenty twenty-five"),
        ("2019-2025", "twenty nineteen to twenty twenty-five"),
        ("the 1990s", "the nineteen nineties"),
        ("Mon-Fri 9:00", "Monday to Friday nine o'clock"),
    ],
    "units": [
        ("5 km", "five kilometres"),
        ("1 kg", "one kilogram"),
        ("-5 °C", "minus five degrees Celsius"),
        ("10%", "ten percent"),
        ("250ml or 12oz", "two hundred and fifty millilitres or twelve ounces"),
        ("10 min. later", "ten minutes later"),
        ("20 m²", "twenty square metres"),
        ("60 km/h", "sixty kilometres per hour"),
    ],
    "abbreviations": [
        ("Dr. Smith and Mr Jones", "Doctor Smith and Mister Jones"),
        ("St. Mary's, 12 Main St. Please", "Saint Mary's, twelve Main Street. Please"),
        ("the U.S.A. and Q&A", "the U S eh and Q and eh"),
        ("e.g. tea, cake, etc.", "for example tea, cake, et cetera."),
        ("approx. 5 vs. 6", "approximately five versus six"),
        ("tea/coffee and/or milk & sugar", "tea or coffee and or milk and sugar"),
        ("**Now** open", "Now open"),
    ],
    "addresses": [
        ("jo.smith@example.com.", "jo dot smith at example dot com."),
        ("https://www.example.co.uk/menu", "example dot co dot uk slash menu"),
        ("555-1234", "five five five, one two three four"),
        ("+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"),
    ],
    "codes": [
        ("Room B2", "Room B two"),
        ("B-204", "B two hundred and four"),
        ("A01", "eh zero one"),
        ("guest1234", "guest one two three four"),
        ("WPA2", "W P eh two"),
        ("Room A is free", "Room eh is free"),
        ("in room A. A latte", "in room eh. A latte"),
        ("m, a, 2, a", "m, eh, two, eh"),
    ],
}


@pytest.mark.parametrize(
    ("written", "said"), [pytest.param(*pair, id=pair[0]) for pairs in READ.values() for pair in pairs]
)
def test_what_is_written_is_read_as_people_say_it(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    "text",
    [
        "One large latte with whole milk, that comes to four pounds. Shall I send it?",
        "A latte? Yes: it's Anna's - wait, no; the café's Wi-Fi!",
        "May I see the march of the US team in St Ives at sunset",
        "  two  spaces\nand a line ",
        "",
    ],
)
def test_words_are_left_as_they_are(text: str) -> None:
    assert spoken(text) == text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-us", "March fourth, twenty twenty-five"),
        ("en_US", "March fourth, twenty twenty-five"),
        ("en-gb", "the third of April twenty twenty-five"),
        ("en-gb-x-rp", "the third of April twenty twenty-five"),
    ],
)
def test_which_of_two_numbers_is_the_month_is_a_matter_of_the_language(language: str, said: str) -> None:
    assert spoken("3/4/2025", language) == said


def test_another_language_is_left_to_its_phonemiser() -> None:
    assert spoken("Um 17:05 kostet es 3 €.", "de") == "Um 17:05 kostet es 3 €."


@given(
    words=st.lists(
        st.text("bcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9).filter(
            lambda word: word not in SHORTENED
        )
    )
)
def test_plain_words_are_never_changed(words: list[str]) -> None:
    assert spoken(" ".join(words)) == " ".join(words)


WRITTEN = st.one_of(
    st.text(),
    st.lists(st.sampled_from([written for pairs in READ.values() for written, _ in pairs])).map("".join),
    st.text("0123456789 .,:/-–+£$€%°²½apmkgStDrMoneh@A'()&\n", max_size=30),
)


@settings(max_examples=500, deadline=None)
@given(text=WRITTEN, language=st.sampled_from(["en-us", "en-gb"]))
@example(text="1" * 5_000 + "," + "1,111" * 1_000 + "½Ⅷ①", language="en-us")
def test_any_text_becomes_words_and_stays_so(text: str, language: str) -> None:
    read = spoken(text, language)
    assert not any(character.isdigit() or character.isdecimal() for character in read.replace("²", ""))
    assert spoken(read, language) == read
