from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.embedding.minilm import MiniLmEmbedding
from nearfield_models.embedding.word_pieces import LONGEST_TOKENS, WordPieces, read_word_pieces
from nearfield_models.engines import load_embedding
from nearfield_models.errors import EngineError, PackDamagedError, PackNotFoundError
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore
from tests.fakes.embedding import BagOfWordsEmbedding

SENTENCES = ("what do i owe you", "", "how much is it", "a large latte please", "wie viel kostet das?")


def pack() -> InstalledPack:
    try:
        return ModelStore.default().installed("minilm-l6-v2-int8")
    except PackNotFoundError as error:
        pytest.skip(str(error))


def minilm(runtime: RuntimeOptions | None = None) -> MiniLmEmbedding:
    return MiniLmEmbedding(pack(), runtime or RuntimeOptions())


EVERY_ENGINE: list[Callable[[], EmbeddingEngine]] = [
    pytest.param(minilm, id="minilm", marks=pytest.mark.models),  # type: ignore[list-item]
    BagOfWordsEmbedding,
]


@pytest.mark.parametrize("make", EVERY_ENGINE)
class TestEveryEmbedding:
    def test_each_sentence_gets_a_row_of_length_one(self, make: Callable[[], EmbeddingEngine]) -> None:
        engine = make()
        vectors = engine.embed(SENTENCES)
        assert vectors.shape == (len(SENTENCES), engine.capabilities.width)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(SENTENCES)), abs=1e-5)

    def test_a_vector_does_not_depend_on_the_sentences_beside_it(
        self, make: Callable[[], EmbeddingEngine]
    ) -> None:
        engine = make()
        together = engine.embed(SENTENCES)
        alone = np.concatenate([engine.embed([sentence]) for sentence in SENTENCES])
        assert together == pytest.approx(alone, abs=1e-5)

    def test_no_sentence_gives_no_row(self, make: Callable[[], EmbeddingEngine]) -> None:
        engine = make()
        engine.warm_up()
        assert engine.embed([]).shape == (0, engine.capabilities.width)


@pytest.mark.models
def test_paraphrases_are_nearer_to_each_other_than_to_what_shares_their_words() -> None:
    vectors = minilm().embed(["is it going to rain", "what is the weather like", "is it going to cost"])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


@pytest.mark.models
def test_what_lies_beyond_the_longest_sentence_does_not_count() -> None:
    engine = minilm()
    long = "one two three " * LONGEST_TOKENS
    assert (engine.embed([long]) == engine.embed([long + "four"])).all()


@pytest.mark.models
def test_the_model_is_named_by_its_pack_and_its_digest() -> None:
    installed = pack()
    assert minilm().capabilities.model_id == f"minilm-l6-v2-int8@{installed.digest}"


def as_stored(runtime: RuntimeOptions | None = None) -> MiniLmEmbedding:
    """The engine over a pack that has no graph of 8-bit products."""
    whole = pack()
    names = tuple(name for name in whole.names if not name.startswith("eight-bits"))
    return MiniLmEmbedding(dataclasses.replace(whole, names=names), runtime or RuntimeOptions())


@pytest.mark.models
def test_both_runtimes_agree_on_a_sentence() -> None:
    pytest.importorskip("openvino")
    one, other = as_stored(), as_stored(RuntimeOptions(engine="openvino", device="CPU"))
    assert one.embed(SENTENCES) == pytest.approx(other.embed(SENTENCES), abs=1e-3)


@pytest.mark.models
def test_openvino_computes_with_the_weights_as_they_are_stored() -> None:
    pytest.importorskip("openvino")
    runtime = RuntimeOptions(engine="openvino", device="CPU")
    assert (minilm(runtime).embed(SENTENCES) == as_stored(runtime).embed(SENTENCES)).all()


@pytest.mark.models
@pytest.mark.recordings
def test_products_in_eight_bits_turn_the_vector_of_a_real_sentence_by_a_few_degrees(recordings: Path) -> None:
    document = json.loads((recordings / "nlu" / "clinc150_train_val.json").read_text("utf-8"))
    texts = [text for text, _ in document["val"][::20]]
    cosines = (minilm().embed(texts) * as_stored().embed(texts)).sum(axis=1)
    assert cosines.min() > 0.97
    assert 0.996 < cosines.mean() < 0.99999


@pytest.mark.models
def test_no_graph_is_kept_away_from_its_mapped_weights(tmp_path: Path) -> None:
    minilm(RuntimeOptions(cache_folder=tmp_path)).warm_up()
    assert list(tmp_path.rglob("*.onnx")) == []


def test_an_engine_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(EngineError, match="no engine 'word2vec' for sentence embeddings: choose minilm"):
        load_embedding(engine="word2vec")


VOCABULARY = {
    piece: number
    for number, piece in enumerate(["[UNK]", "[CLS]", "[SEP]", "cafe", "##s", "##teria", "a", ",", "茶"])
}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("A  café,\tcafes", [6, 3, 7, 3, 4]),
        ("cafeteria", [3, 5]),
        ("cafeter", [0]),
        ("a茶a", [6, 8, 6]),
        ("a\u200ba\x00", [0]),
        ("a" * 101, [0]),
    ],
)
def test_words_are_cut_into_the_longest_pieces_that_are_known(text: str, tokens: list[int]) -> None:
    assert WordPieces(VOCABULARY).encode(text) == (1, *tokens, 2)


def test_a_text_without_end_gives_no_more_tokens_than_the_model_takes() -> None:
    tokens = WordPieces(VOCABULARY).encode("a " * 1000)
    assert len(tokens) == LONGEST_TOKENS
    assert (tokens[0], tokens[-1]) == (1, 2)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"model": {"vocab": {"a": 1}}}', b'{"model": {"vocab": 7}}']
)
def test_a_file_without_word_pieces_is_reported_as_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(PackDamagedError, match=r"tokenizer\.json holds no vocabulary"):
        read_word_pieces(path)
    with pytest.raises(PackDamagedError):
        read_word_pieces(tmp_path / "absent.json")


STRANGE = "\u2019\u201c\u201d\u2013\u2026\u00a0\u2003\u2028\u200b\u0301\ufeff\ufffdŁőşΣИй茶コ你€₂①\t\n"
MARKS = ("[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]")
SPOKEN = st.text(st.characters(codec="latin-1") | st.sampled_from(STRANGE), max_size=40)


@pytest.fixture(scope="module")
def word_pieces() -> WordPieces:
    return read_word_pieces(pack().file("tokenizer.json"))


@pytest.fixture(scope="module")
def reference() -> Callable[[str], tuple[int, ...]]:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(pack().file("tokenizer.json")))
    tokenizer.no_padding()
    return lambda text: tuple(tokenizer.encode(text).ids)


@pytest.mark.models
@given(text=SPOKEN)
@settings(max_examples=300, deadline=None)
@example(text="Naïve Zoë's 12-oz café: £4.50!")
@example(text="don\u2019t \u201cquote\u201d me\u2026")
def test_tokens_are_those_of_the_model_s_own_tokenizer(
    word_pieces: WordPieces, reference: Callable[[str], tuple[int, ...]], text: str
) -> None:
    assume(not any(mark in text for mark in MARKS))
    assert word_pieces.encode(text) == reference(text)


@pytest.mark.models
@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_of_the_model_that_somebody_types_is_text(word_pieces: WordPieces, mark: str) -> None:
    """The model's own tokenizer takes it for the mark, and so for the end of a sentence."""
    first, *tokens, last = word_pieces.encode(mark)
    assert not {first, last} & set(tokens)
    assert len(tokens) >= 3


@pytest.mark.models
@pytest.mark.recordings
def test_thousands_of_real_sentences_give_the_tokenizer_s_own_tokens(
    recordings: Path, word_pieces: WordPieces, reference: Callable[[str], tuple[int, ...]]
) -> None:
    document = json.loads((recordings / "nlu" / "clinc150_train_val.json").read_text("utf-8"))
    texts = [text for text, _ in document["val"]]
    assert [text for text in texts if word_pieces.encode(text) != reference(text)] == []
