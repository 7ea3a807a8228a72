from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.asr.tokens import END, START, Tokens, split_pieces
from nearfield_models.errors import EngineError, PackDamagedError, PackNotFoundError
from nearfield_models.store import ModelStore


@pytest.fixture(scope="module")
def moonshine() -> Tokens:
    try:
        pack = ModelStore.default().installed("moonshine-tiny-en")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return Tokens.read(pack.file("tokenizer.bin"))


@pytest.fixture(scope="module")
def torn_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torn") / "tokenizer.bin"


def table(*pieces: str) -> Tokens:
    return Tokens([b"<unk>", b"<s>", b"</s>", *(piece.encode() for piece in pieces)])


def test_of_all_possible_merges_the_lowest_id_comes_first() -> None:
    #                 3    4    5    6    7     8      9
    tokens = table("▁", "a", "b", "c", "bc", "ab", "▁ab")
    assert tokens.encode("abc") == (3, 4, 7)  # bc before ab, which leaves nothing to merge with


def test_a_character_without_a_piece_is_written_as_its_bytes() -> None:
    tokens = table("▁", "a", *(f"<0x{byte:02X}>" for byte in range(256)))
    assert tokens.encode("aé") == (3, 4, 5 + 0xC3, 5 + 0xA9)
    assert tokens.decode(tokens.encode("aé")) == "aé"


def test_a_character_that_the_table_cannot_write_is_named() -> None:
    with pytest.raises(EngineError, match="'é'"):
        table("▁", "a").encode("aé")


def test_control_tokens_say_nothing_and_are_never_written() -> None:
    tokens = table("▁", "<", "s", ">", "<s", "s>")
    assert tokens.decode([START, 3, 5, END]) == "s"
    assert START not in tokens.encode("<s>")


def test_a_torn_character_is_shown_as_torn() -> None:
    tokens = table("▁", *(f"<0x{byte:02X}>" for byte in range(256)))
    assert tokens.decode([4 + 0xC3]) == "�"


def test_a_token_outside_the_table_is_an_error() -> None:
    with pytest.raises(EngineError, match="outside the table's 4"):
        table("▁").decode([4])


@pytest.mark.models
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="▁")))
def test_decoding_gives_back_what_was_encoded(moonshine: Tokens, text: str) -> None:
    assert moonshine.decode(moonshine.encode(text)) == text


@pytest.mark.models
def test_words_get_the_pieces_that_the_model_itself_writes(moonshine: Tokens) -> None:
    pieces = [moonshine.pieces[token].decode() for token in moonshine.encode("my fellow Americans.")]
    assert pieces == ["▁my", "▁fellow", "▁Americans", "."]


def _vocabulary_file(tokens: list[bytes]) -> bytes:
    content = b""
    for token in tokens:
        length = len(token)
        content += bytes([length]) if length < 128 else bytes([128 + length % 128, length // 128])
        content += token
    return content


@given(st.lists(st.one_of(st.binary(max_size=20), st.binary(min_size=120, max_size=300)), max_size=8))
def test_a_vocabulary_reads_back_as_it_was_written(tokens: list[bytes]) -> None:
    assert list(split_pieces(_vocabulary_file(tokens), "a file")) == tokens


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=4), st.data())
def test_a_vocabulary_cut_within_a_token_is_refused(tokens: list[bytes], data: st.DataObject) -> None:
    last = len(_vocabulary_file(tokens[-1:]))
    cut = data.draw(st.integers(min_value=1, max_value=last - 1))
    with pytest.raises(PackDamagedError, match="a file ends within the piece"):
        list(split_pieces(_vocabulary_file(tokens)[:-cut], "a file"))


@pytest.mark.models
@given(data=st.data())
def test_a_torn_table_is_refused_and_never_misread(
    moonshine: Tokens, torn_file: Path, data: st.DataObject
) -> None:
    ends = list(accumulate(1 + len(piece) for piece in moonshine.pieces[:200]))
    whole = b"".join(bytes([len(piece)]) + piece for piece in moonshine.pieces[:200])
    kept = data.draw(st.integers(0, len(whole)) | st.sampled_from(ends))
    torn_file.write_bytes(whole[:kept])
    if kept in ends[2:]:
        assert Tokens.read(torn_file).pieces == moonshine.pieces[: ends.index(kept) + 1]
    else:
        with pytest.raises(PackDamagedError, match=re.escape(str(torn_file))):
            Tokens.read(torn_file)


def test_a_missing_table_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(PackDamagedError, match=r"nothing\.bin cannot be read"):
        Tokens.read(tmp_path / "nothing.bin")


def test_a_file_too_large_to_be_a_table_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(PackDamagedError, match="17825792 bytes"):
        Tokens.read(tmp_path / "huge.bin")
