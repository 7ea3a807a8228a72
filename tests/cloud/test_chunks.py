from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_cloud.knowledge.blocks import Block, Parsed, heading, paragraph
from nearfield_cloud.knowledge.chunks import Sizes, embedded_texts, passages_of
from nearfield_cloud.knowledge.sentences import cut, sentences
from nearfield_sync.passages.passage import Passage


def count(text: str) -> int:
    return len(text.split())


def cut_up(*blocks: Block, most: int = 20, least: int = 4, title: str = "Guide") -> list[Passage]:
    parsed = Parsed(title=title, blocks=blocks)
    return passages_of(parsed, document="d", title=title, sizes=Sizes(most=most, least=least), count=count)


def words(number: int, word: str = "word") -> str:
    return " ".join([word] * (number - 1) + ["end."])


def items(*texts: str) -> list[Block]:
    return [Block(kind="item", text=text) for text in texts]


def test_a_paragraph_is_a_passage_under_its_headings() -> None:
    found = cut_up(
        heading("Guide", 1), paragraph(words(6)), heading("Care", 2), heading("Daily", 3),
        paragraph(words(7)), heading("Prices", 2), paragraph(words(8)),
    )  # fmt: skip
    assert [(one.headings, count(one.text), one.position) for one in found] == [
        ((), 6, 0), (("Care", "Daily"), 7, 1), (("Prices",), 8, 2),
    ]  # fmt: skip


def test_what_is_too_short_goes_along_with_what_follows_but_not_over_a_heading() -> None:
    found = cut_up(
        paragraph("Note this."),
        paragraph(words(6)),
        paragraph("Bye now."),
        heading("Next", 1),
        paragraph(words(6)),
    )
    assert [one.text.split("\n")[0] for one in found] == ["Note this.", words(6)]
    assert found[0].text.endswith("\nBye now.")


def test_a_long_paragraph_is_cut_between_sentences_into_pieces_of_about_one_size() -> None:
    sentence = "One two three four five six seven."
    found = cut_up(paragraph(" ".join([sentence] * 4)), most=20)
    assert [one.text for one in found] == [f"{sentence} {sentence}"] * 2


def test_a_sentence_longer_than_the_most_is_cut_between_words() -> None:
    assert [count(one.text) for one in cut_up(paragraph("word " * 50), most=20)] == [20, 20, 10]


def test_a_word_without_end_is_cut_as_well() -> None:
    pieces = cut("x" * 1000, 20, lambda text: len(text) // 4 + 1)
    assert "".join(pieces).replace(" ", "") == "x" * 1000
    assert all(len(piece) // 4 + 1 <= 20 for piece in pieces)


def test_a_list_stays_with_the_sentence_that_introduces_it() -> None:
    found = cut_up(
        paragraph(words(9)), paragraph("In this house we offer our guests:"), *items("coffee", "rooms")
    )
    assert [one.text for one in found] == [words(9), "In this house we offer our guests:\ncoffee\nrooms"]


def test_a_paragraph_that_ends_in_a_colon_introduces_no_other_paragraph() -> None:
    assert len(cut_up(paragraph("The force is given by this formula:"), paragraph(words(9)))) == 2


def test_a_long_table_is_cut_between_rows() -> None:
    rows = [Block(kind="row", text=f"Drink: latte; Size: {number}; Price: {number}") for number in range(10)]
    found = cut_up(*rows, most=20)
    assert [line for one in found for line in one.text.split("\n")] == [row.text for row in rows]
    assert len(found) == 4


def test_passages_that_say_the_same_have_names_of_their_own() -> None:
    first, second = cut_up(paragraph(words(6)), paragraph(words(6)))
    assert first.chunk_id != second.chunk_id


def test_a_passage_keeps_its_name_when_others_change() -> None:
    before = cut_up(paragraph(words(6)), paragraph(words(7)))
    after = cut_up(paragraph("Something new comes before it all."), paragraph(words(7)))
    assert before[1].chunk_id == after[1].chunk_id
    assert before[0].chunk_id != after[0].chunk_id


def test_a_document_of_headings_alone_is_still_found() -> None:
    assert [one.text for one in cut_up(heading("Opening hours", 1), heading("Monday nine to five", 2))] == [
        "Opening hours\nMonday nine to five"
    ]


def test_each_sentence_is_embedded_below_what_the_passage_is_about() -> None:
    (one,) = cut_up(heading("Care", 1), paragraph("Descale it. Then rinse it twice. Descale it."))
    assert embedded_texts(one, "Kettles") == ["Care. Descale it.", "Care. Then rinse it twice."]
    (plain,) = cut_up(paragraph("Descale it every month."))
    assert embedded_texts(plain, "Kettles") == ["Kettles. Descale it every month."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "It is open. It closes at five! Really? Yes.",
            ["It is open.", "It closes at five!", "Really?", "Yes."],
        ),
        (
            "Dr. Berg and Mr. Oak met J. S. Bach in St. Gallen.",
            ["Dr. Berg and Mr. Oak met J. S. Bach in St. Gallen."],
        ),
        ("It costs 3.50 euros. 20 people came.", ["It costs 3.50 euros.", "20 people came."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("in the U.S. Army, e.g. in 1944", ["in the U.S. Army, e.g. in 1944"]),
        ("no end", ["no end"]),
        ("", []),
    ],
)
def test_sentences_end_where_people_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


BLOCKS = st.builds(
    Block,
    kind=st.sampled_from(["heading", "paragraph", "item", "row", "code"]),
    text=st.lists(st.sampled_from(["word", "end.", "Start", "x" * 90, "list:"]), min_size=1, max_size=60).map(
        " ".join
    ),
    level=st.integers(0, 12),
)


@settings(deadline=None)
@given(st.lists(BLOCKS, max_size=12), st.integers(8, 40), st.integers(0, 8))
def test_no_passage_is_too_large_and_no_word_is_lost(blocks: list[Block], most: int, least: int) -> None:
    found = cut_up(*blocks, most=most, least=least)
    assert all(count(one.text) <= most for one in found)
    assert len({one.chunk_id for one in found}) == len(found)
    if any(block.kind != "heading" for block in blocks):
        body = "".join("".join(block.text.split()) for block in blocks if block.kind != "heading")
        assert "".join("".join(one.text.split()) for one in found) == body
