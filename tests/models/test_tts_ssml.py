# ruff: noqa: RUF001 (phonemes are spelt in the International Phonetic Alphabet)
from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.errors import SsmlError
from nearfield_models.tts.phrase import Phrase, Pronounced
from nearfield_models.tts.pieces import Mark, Piece, Silence, Sound, Utterance
from nearfield_models.tts.ssml import Ssml, SsmlLimits, is_ssml, parse_ssml


def read(document: str, limits: SsmlLimits | None = None) -> Ssml:
    return parse_ssml(document, language="en-us", voice="joe", limits=limits)


def pieces(inside: str) -> tuple[Piece, ...]:
    return read(f"<speak>{inside}</speak>").pieces


def said(*runs: str | Pronounced, rate: float = 1.0, gain: float = 1.0) -> Utterance:
    return Utterance(phrase=Phrase(runs=runs, rate=rate), gain=gain)


def ignored(inside: str) -> list[str]:
    return [one.what for one in read(f"<speak>{inside}</speak>").ignored]


def test_text_is_one_phrase_and_its_spaces_do_not_matter() -> None:
    assert pieces("One &amp;\n   two.") == (said("One & two."),)


def test_the_namespace_may_be_written_or_left_out() -> None:
    document = '<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-GB">Hi</speak>'
    assert read(document) == Ssml(pieces=(said("Hi"),), ignored=())
    assert read(f'<?xml version="1.0" encoding="latin-1"?>\n{document}').pieces == (said("Hi"),)


def test_sentences_end_and_paragraphs_are_parted_by_a_pause() -> None:
    assert pieces("<p><s>One</s><s>Two?</s></p> <p>Three</p>") == (
        said("One."),
        said("Two?"),
        Silence(duration_ms=400),
        said("Three."),
    )


@pytest.mark.parametrize(
    ("attributes", "duration_ms"),
    [
        ('time="250ms"', 250),
        ('time="1.5s"', 1500),
        ('time="+.5s"', 500),
        ("", 400),
        ('strength="x-strong"', 1200),
        ('time="0.1s" strength="strong"', 100),
    ],
)
def test_a_break_is_a_silence_of_its_time_or_strength(attributes: str, duration_ms: int) -> None:
    assert pieces(f"a<break {attributes}/>b") == (said("a"), Silence(duration_ms=duration_ms), said("b"))


def test_a_break_of_no_strength_parts_nothing_audible() -> None:
    assert pieces('a<break strength="none"/>b') == (said("a"), said("b"))


@pytest.mark.parametrize(
    ("attributes", "rate", "gain"),
    [
        ('rate="slow"', 0.8, 1.0),
        ('rate="150%"', 1.5, 1.0),
        ('rate="-20%"', 0.8, 1.0),
        ('rate="1%"', 0.5, 1.0),
        ('rate="900%"', 2.0, 1.0),
        ('volume="silent"', 1.0, 0.0),
        ('volume="-6dB"', 1.0, 0.501),
        ('volume="+6.02dB"', 1.0, 2.0),
        ('volume="soft" rate="fast"', 1.25, 0.501),
    ],
)
def test_prosody_sets_rate_and_loudness(attributes: str, rate: float, gain: float) -> None:
    (piece,) = pieces(f"<prosody {attributes}>a</prosody>")
    assert isinstance(piece, Utterance)
    assert piece.phrase.rate == pytest.approx(rate)
    assert piece.gain == pytest.approx(gain, rel=1e-3)


def test_manners_multiply_inside_each_other_and_end_with_their_element() -> None:
    nested = (
        '<prosody rate="80%">a <prosody rate="50%">b</prosody> <prosody rate="150%">c</prosody></prosody> d'
    )
    rates = [piece.phrase.rate for piece in pieces(nested) if isinstance(piece, Utterance)]
    assert rates == pytest.approx([0.8, 0.5, 1.2, 1.0])


def test_emphasis_is_slower_and_louder() -> None:
    levels = ('level="strong"', "", 'level="none"', 'level="reduced"')
    told = [pieces(f"<emphasis {level}>a</emphasis>")[0] for level in levels]
    manners = [(piece.phrase.rate, piece.gain) for piece in told if isinstance(piece, Utterance)]
    assert [rate for rate, _ in manners] == pytest.approx([0.85, 0.92, 1.0, 1.1])
    assert [gain for _, gain in manners] == pytest.approx([1.413, 1.259, 1.0, 0.794], rel=1e-3)


def test_a_mark_of_punctuation_after_an_element_stays_with_its_words() -> None:
    assert pieces('Now <prosody rate="slow">slow</prosody>. Then') == (
        said("Now "),
        said("slow.", rate=0.8),
        said(" Then"),
    )


@pytest.mark.parametrize(
    ("kind", "text", "spoken"),
    [
        ("cardinal", "1,204", "one thousand two hundred and four"),
        ("cardinal", "-5", "minus five"),
        ("ordinal", "3", "third"),
        ("digits", "204", "two zero four"),
        ("characters", "aB2.", "eh B two dot"),
        ("spell-out", "WPA", "W P eh"),
        ("telephone", "020 7946", "zero two zero, seven nine four six"),
        ("time", "0530pm", "five thirty P M"),
        ("time", "17:05", "seventeen oh five"),
        ("date", "3/4/2025", "March fourth, twenty twenty-five"),
        ('date" format="dmy', "3/4/2025", "the third of April twenty twenty-five"),
        ('date" format="ymd', "20250304", "March fourth, twenty twenty-five"),
        ('date" format="my', "4-2025", "April twenty twenty-five"),
        ('date" format="md', "12.24", "December twenty-fourth"),
        ("currency", "£3.20", "three pounds twenty"),
        ("unit", "5 km", "five kilometres"),
    ],
)
def test_text_is_said_as_what_it_is_told_to_be(kind: str, text: str, spoken: str) -> None:
    markup = f'<say-as interpret-as="{kind}">{text}</say-as>'
    assert pieces(markup) == (said(spoken),)
    assert ignored(markup) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cardinal", "many"),
        ("ordinal", "x"),
        ("digits", "none"),
        ("time", "99:99"),
        ('date" format="dmy', "45/13/2025"),
        ("date", "someday"),
        ("currency", "dear"),
        ("expletive", "word"),
    ],
)
def test_text_that_is_not_of_its_kind_is_read_as_text_and_reported(kind: str, text: str) -> None:
    markup = f'<say-as interpret-as="{kind}">{text}</say-as>'
    assert pieces(markup) == (said(text),)
    assert len(ignored(markup)) == 1


def test_substitutes_and_pronunciations_join_the_sentence_around_them() -> None:
    inside = '<sub alias="Ada">A.</sub> says <phoneme alphabet="ipa" ph="nˈɪɹ">near</phoneme>, yes'
    assert pieces(inside) == (said("Ada says ", Pronounced(text="near", phonemes="nˈɪɹ"), ", yes"),)


def test_marks_and_recordings_stand_between_what_is_said() -> None:
    inside = 'a<mark name="here"/>b<audio src="chime" soundLevel="-6dB">ding <break/> dong</audio>'
    first, mark, second, sound = pieces(inside)
    assert (first, mark, second) == (said("a"), Mark(name="here"), said("b"))
    assert isinstance(sound, Sound)
    assert sound.source == "chime"
    assert sound.gain == pytest.approx(0.501, rel=1e-3)
    assert sound.instead == (said("ding "), Silence(duration_ms=400), said(" dong"))


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ('<prosody pitch="+10%">a</prosody>', "pitch of <prosody>"),
        ('<voice name="bob">a</voice>', "voice bob: the voice is joe"),
        ('<lang xml:lang="de-DE">a</lang>', "language de-DE: the voice speaks en-us"),
        ('<phoneme alphabet="x-sampa" ph="eI">a</phoneme>', "alphabet x-sampa of <phoneme>"),
        ('<meta name="x" content="y"/>a', "<meta>"),
        ("a<metadata>not said</metadata>", "<metadata>"),
        ('<w role="verb">a</w>', "role of <w>"),
        ('a<x:y xmlns:x="urn:x"><break/>not said</x:y>', "<y> of another namespace, with what it holds"),
    ],
)
def test_what_cannot_be_honoured_is_reported_and_the_words_are_said(inside: str, what: str) -> None:
    assert pieces(inside) == (said("a"),)
    assert ignored(inside) == [what]


def test_what_is_ignored_is_told_with_its_place() -> None:
    (one,) = read('<speak>\n  <prosody pitch="low">a</prosody></speak>').ignored
    assert (one.line, one.column) == (2, 3)


@pytest.mark.parametrize("inside", ['<voice name="joe">a</voice>', '<lang xml:lang="en-GB">a</lang>'])
def test_the_voice_that_is_loaded_is_no_news(inside: str) -> None:
    assert ignored(inside) == []


@pytest.mark.parametrize(
    ("document", "fault", "line", "column"),
    [
        ("<speak>a <brek/></speak>", r"<brek> is no element.*did you mean 'break'", 1, 10),
        ('<speak>\n<break tme="1s"/></speak>', r"no attribute 'tme'.*'time'", 2, 1),
        ('<speak><break time="5"/></speak>', "'5' is no time", 1, 25),
        ('<speak><break time="s"/></speak>', "'s' is no time", 1, 25),
        ('<speak><break strength="big"/></speak>', "'big' is not known: expected none", 1, 31),
        ('<speak><prosody rate="quick">a</prosody></speak>', "'quick' is no rate", 1, 8),
        ('<speak><prosody volume="11">a</prosody></speak>', "'11' is no volume", 1, 8),
        ("<speak><say-as>1</say-as></speak>", "needs the attribute 'interpret-as'", 1, 8),
        ("<speak><phoneme>a</phoneme></speak>", "needs the attribute 'ph'", 1, 8),
        ('<speak><sub alias="a">b<break/></sub></speak>', "<sub> cannot hold <break>", 1, 24),
        ("<speak><break>a</break></speak>", "<break> holds no text", 1, 16),
        ("<speak><speak/></speak>", "cannot stand inside", 1, 8),
        ("<p>a</p>", "outermost element is <p>", 1, 1),
        ("<speak>a & b</speak>", "& is written &amp;", 1, 11),
        ("<speak>&nbsp;</speak>", "only the entities", 1, 8),
        ("<speak><p>a</speak>", "mismatched tag", 1, 14),
        ("<speak>a", "ends before <speak>", 1, 9),
        ("", "ends before <speak>", 1, 1),
        ("<speak>\ud800</speak>", "surrogate", 1, 8),
    ],
)
def test_a_wrong_document_is_refused_with_what_and_where(
    document: str, fault: str, line: int, column: int
) -> None:
    with pytest.raises(SsmlError, match=fault) as caught:
        read(document)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"SSML, line {line}, column {column}: ")
    assert "\n" not in str(caught.value)


BILLION_LAUGHS = (
    """<!DOCTYPE speak [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><speak>&b;</speak>"""
)
OUTSIDE = """<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak/>"""
OUTSIDE_ENTITY = """<!DOCTYPE speak [<!ENTITY a SYSTEM "file:///etc/passwd">]><speak>&a;</speak>"""


@pytest.mark.parametrize("document", [BILLION_LAUGHS, OUTSIDE, OUTSIDE_ENTITY])
def test_no_document_type_is_taken_and_so_no_entity(document: str) -> None:
    with pytest.raises(SsmlError, match="document type"):
        read(document)


@pytest.mark.parametrize(
    ("inside", "limits", "fault"),
    [
        ("a" * 80, SsmlLimits(most_characters=90), "too long"),
        ("<p/>" * 9, SsmlLimits(most_elements=9), "more than 9 elements"),
        ("<p><p><p/></p></p>", SsmlLimits(deepest=3), "more than 3 deep"),
        ('<break time="3s"/>' * 2, SsmlLimits(most_silence_ms=5_999), "breaks are longer"),
    ],
)
def test_too_much_of_anything_is_refused(inside: str, limits: SsmlLimits, fault: str) -> None:
    with pytest.raises(SsmlError, match=fault):
        read(f"<speak>{inside}</speak>", limits)


def test_a_break_of_ages_is_refused_before_it_is_made() -> None:
    with pytest.raises(SsmlError, match="breaks are longer"):
        read('<speak><break time="999999999s"/></speak>')


def test_only_what_begins_like_markup_is_taken_for_it() -> None:
    assert is_ssml(" <speak>a</speak>")
    assert is_ssml('<?xml version="1.0"?><speak/>')
    assert not is_ssml("I say <speak>")


NAMES = st.sampled_from(
    ["speak", "p", "s", "break", "prosody", "emphasis", "say-as", "sub", "phoneme", "mark", "audio", "brek"]
)
ATTRIBUTES = st.sampled_from(
    [
        "",
        ' time="1s"',
        ' rate="slow"',
        ' ph="a"',
        ' alias="b"',
        ' name="m"',
        ' src="x"',
        ' interpret-as="date"',
    ]
)
TAGS = st.tuples(NAMES, ATTRIBUTES, st.sampled_from(["<{}{}>", "<{}{}/>", "</{}>", "<{}{}", "&{};"])).map(
    lambda tag: tag[2].format(tag[0], tag[1])
)


@given(parts=st.lists(st.one_of(TAGS, st.text(max_size=5)), max_size=12), whole=st.booleans())
def test_any_text_is_read_or_refused_by_name(parts: list[str], whole: bool) -> None:
    inside = "".join(parts)
    told = ""
    with suppress(SsmlError):
        told = "".join(map(repr, read(f"<speak>{inside}</speak>" if whole else inside).pieces))
    assert "<speak" not in told
