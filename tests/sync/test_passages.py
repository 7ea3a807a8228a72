from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_sync.database import open_database
from nearfield_sync.errors import DatabaseError, PassageStoreError
from nearfield_sync.passages.fusion import fuse
from nearfield_sync.passages.passage import Document, Passage, Scope, chunk_id, document_id
from nearfield_sync.passages.quantised import cosines, sketch, squeeze
from nearfield_sync.passages.schema import MIGRATIONS
from nearfield_sync.passages.sqlite import SqlitePassageStore, open_passages
from nearfield_sync.passages.words import MOST_WORDS, Stems, telling_words

SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 50), max_size=6)


def document(source: str = "/docs/secret.md") -> Document:
    return Document(
        document_id=document_id("acme", source), tenant="acme", audience="public", title="Zwiebelkuchen",
        source=source, digest="d", media_type="text/plain", recipe="1",
        ingested_at="2026-11-28T00:00:00+00:00",
    )  # fmt: skip


def unit(seed: int, width: int = 384) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.random.default_rng(seed).standard_normal(width).astype(np.float32)
    return vector / np.linalg.norm(vector)


async def put(store: SqlitePassageStore, owner: Document, texts: list[str], seed: int = 0) -> None:
    passages = [
        Passage(
            chunk_id=chunk_id(owner.document_id, owner.title, (), text, 0),
            position=at,
            headings=(),
            text=text,
        )
        for at, text in enumerate(texts)
    ]
    vectors = {one.chunk_id: unit(seed + at)[None] for at, one in enumerate(passages)}
    await store.put(owner, passages, vectors, model_id="m@1")


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


class TestFusion:
    def test_what_both_find_comes_before_what_one_finds_as_well(self) -> None:
        fused = fuse({"a": 0.8, "b": 0.8}, {"b": 5.0}, meaning=0.75)
        assert [name for name, _ in fused] == ["b", "a"]
        assert dict(fused) == pytest.approx({"b": 0.85, "a": 0.6})

    @given(SCORES, SCORES.map(lambda scores: {name: score / 50 for name, score in scores.items()}))
    def test_weight_one_is_meaning_alone_and_weight_zero_words_alone(
        self, words: dict[str, float], similar: dict[str, float]
    ) -> None:
        by_meaning = fuse(similar, words, meaning=1)
        assert [score for _, score in by_meaning] == sorted((s for _, s in by_meaning), reverse=True)
        assert {name: score for name, score in by_meaning if score > 0} == pytest.approx(similar)
        assert [name for name, score in fuse(similar, words, meaning=0) if score > 0] == sorted(
            words, key=lambda name: (-words[name] / max(words.values()), name)
        )

    def test_the_scale_of_bm25_does_not_matter(self) -> None:
        similar = {"a": 0.2, "b": 0.4}
        assert fuse(similar, {"a": 3, "c": 1}, meaning=0.5) == fuse(similar, {"a": 30, "c": 10}, meaning=0.5)

    def test_nothing_found_is_nothing_fused(self) -> None:
        assert fuse({}, {}, meaning=0.5) == []


class TestWords:
    def test_a_question_is_reduced_to_the_words_that_tell_passages_apart(self) -> None:
        assert telling_words("What is the price of a room, and when is the room free?") == (
            "price",
            "room",
            "free",
        )

    def test_a_question_of_nothing_but_small_words_keeps_them(self) -> None:
        assert telling_words("Who is it?") == ("who", "is", "it")

    def test_a_long_question_is_cut(self) -> None:
        assert len(telling_words(" ".join(f"word{number}" for number in range(1000)))) == MOST_WORDS

    def test_stems_are_without_case_endings_and_accents(self) -> None:
        assert Stems()("Kettles, the CAFÉ's kettle") == ["kettl", "the", "cafe", "s", "kettl"]


class TestQuantised:
    @given(st.integers(0, 10_000))
    def test_a_squeezed_vector_keeps_its_cosines(self, seed: int) -> None:
        one, other = unit(seed), unit(seed + 1)
        near = (one * 3 + other) / np.linalg.norm(one * 3 + other)
        exact = np.array([one @ near, other @ near])
        assert cosines(near, [squeeze(one), squeeze(other)]) == pytest.approx(exact, abs=0.01)

    def test_a_sketch_has_a_bit_a_number(self) -> None:
        assert sketch(np.array([1, -1, 1, 1, -1, -1, -1, 1], np.float32)) == bytes([0b10001101])


class TestNames:
    def test_a_passage_keeps_its_name_until_document_title_headings_or_text_change(self) -> None:
        name = chunk_id("d", "title", ("a", "b"), "text", 0)
        assert name == chunk_id("d", "title", ("a", "b"), "text", 0)
        others = {
            chunk_id("e", "title", ("a", "b"), "text", 0),
            chunk_id("d", "other", ("a", "b"), "text", 0),
            chunk_id("d", "title", ("ab",), "text", 0),
            chunk_id("d", "title", ("a", "b"), "texts", 0),
            chunk_id("d", "title", ("a", "b"), "text", 1),
        }
        assert len(others | {name}) == 6


class TestSqlite:
    async def test_nothing_of_a_deleted_document_is_left_in_the_files(self, tmp_path: Path) -> None:
        store = open_passages(tmp_path / "passages.sqlite")
        filler = [f"ordinary sentence number {number} about kettles" for number in range(300)]
        await put(store, document("/docs/other.md"), filler, seed=1000)
        await put(store, document(), ["Quetzalcoatl hides behind the dishwasher."] * 1, seed=7)
        secret = squeeze(unit(7))[1]
        traces = [
            b"Quetzalcoatl",
            b"uetzalcoatl",
            b"behind the dish",
            b"dishwash",
            b"secret.md",
            b"Zwiebelkuchen hides",
        ]
        traces += [secret, sketch(unit(7))]
        before = bytes_on_disk(tmp_path)
        assert [trace for trace in traces if trace in before]
        assert secret in before
        assert b"Quetzalcoatl" in before
        assert await store.delete("acme", document_id("acme", "/docs/secret.md"))
        after = bytes_on_disk(tmp_path)
        assert [trace for trace in traces if trace in after] == []
        await store.close()

    async def test_nothing_of_what_a_document_no_longer_says_is_left_in_the_files(
        self, tmp_path: Path
    ) -> None:
        store = open_passages(tmp_path / "passages.sqlite")
        await put(store, document(), ["Quetzalcoatl hides.", "It stays."], seed=7)
        await put(store, document(), ["It stays."], seed=8)
        left = bytes_on_disk(tmp_path).lower()
        assert b"quetzalcoatl" not in left
        assert b"uetzalcoatl" not in left
        assert squeeze(unit(7))[1] not in bytes_on_disk(tmp_path)
        await store.close()

    async def test_a_deletion_whose_traces_somebody_still_reads_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "passages.sqlite"
        store = open_passages(path, busy_timeout_ms=20)
        await put(store, document(), ["Quetzalcoatl hides."])
        other = open_database(path, MIGRATIONS)
        other.execute("BEGIN")
        other.execute("SELECT * FROM passages")
        with pytest.raises(PassageStoreError, match="another process still reads"):
            await store.delete("acme", document().document_id)
        other.close()
        assert await store.documents("acme") == []
        await put(store, document("/docs/other.md"), ["It stays."], seed=9)
        assert b"uetzalcoatl" not in bytes_on_disk(tmp_path).lower()
        await store.close()

    async def test_a_search_does_not_wait_for_a_change(self, tmp_path: Path) -> None:
        store = open_passages(tmp_path / "passages.sqlite", busy_timeout_ms=0)
        await put(store, document(), ["It stays."])
        with store._writer.transaction():
            assert await asyncio.wait_for(store.matching(["stay"], Scope(tenant="acme"), 5), 5)
            assert await asyncio.wait_for(store.nearest(unit(0), Scope(tenant="acme"), 5, model_id="m@1"), 5)
        await store.close()

    async def test_what_was_put_is_there_after_opening_again(self, tmp_path: Path) -> None:
        store = open_passages(tmp_path / "passages.sqlite")
        await put(store, document(), ["It stays."])
        await store.close()
        again = open_passages(tmp_path / "passages.sqlite")
        assert len(await again.nearest(unit(0), Scope(tenant="acme"), 5, model_id="m@1")) == 1
        await again.close()

    async def test_two_passes_find_what_exact_products_find(self, tmp_path: Path) -> None:
        store = open_passages(tmp_path / "passages.sqlite")
        generator = np.random.default_rng(0)
        topics = generator.standard_normal((40, 384))
        rows = (
            (topics[:, None] + 0.7 * generator.standard_normal((40, 50, 384)))
            .reshape(-1, 384)
            .astype(np.float32)
        )
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        owner = document()
        passages = [
            Passage(chunk_id=f"{at}", position=at, headings=(), text=f"{at}") for at in range(len(rows))
        ]
        vectors = {one.chunk_id: rows[at][None] for at, one in enumerate(passages)}
        await store.put(owner, passages, vectors, model_id="m@1")
        found = 0
        for seed in range(20):
            question = topics[seed] + 0.7 * np.random.default_rng(seed).standard_normal(384)
            question = (question / np.linalg.norm(question)).astype(np.float32)
            exact = {f"{at}" for at in np.argsort(-(rows @ question))[:10]}
            hits = await store.nearest(question, Scope(tenant="acme"), 10, model_id="m@1")
            found += len(exact & {hit.passage.chunk_id for hit in hits})
        assert found >= 195
        await store.close()

    async def test_searches_and_changes_from_many_tasks_do_not_disturb_each_other(
        self, tmp_path: Path
    ) -> None:
        store = open_passages(tmp_path / "passages.sqlite")
        await put(store, document(), ["It stays."])

        async def change(number: int) -> None:
            await put(store, document(f"/docs/{number}"), [f"Sentence {number}."], seed=number)

        async def search() -> None:
            assert await store.matching(["stay"], Scope(tenant="acme"), 5)
            assert await store.nearest(unit(0), Scope(tenant="acme"), 5, model_id="m@1")

        await asyncio.gather(*(change(number) for number in range(10)), *(search() for _ in range(10)))
        assert len(await store.documents("acme")) == 11
        await store.close()

    async def test_the_event_loop_computes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = open_passages(tmp_path / "passages.sqlite")
        threads = set()
        for database in (store._writer, store._reader):

            def watched(*arguments: object, execute: Callable[..., object] = database.execute) -> object:
                threads.add(threading.get_ident())
                return execute(*arguments)

            monkeypatch.setattr(database, "execute", watched)
        await put(store, document(), ["It stays."])
        await store.matching(["stay"], Scope(tenant="acme"), 5)
        await store.nearest(unit(0), Scope(tenant="acme"), 5, model_id="m@1")
        await store.delete("acme", document().document_id)
        assert threads
        assert threading.get_ident() not in threads
        await store.close()

    async def test_a_file_that_is_no_database_is_a_named_error(self, tmp_path: Path) -> None:
        (tmp_path / "passages.sqlite").write_bytes(
            b"this is not a database, and long enough to be looked at" * 20
        )
        with pytest.raises(DatabaseError, match="not an SQLite database"):
            open_passages(tmp_path / "passages.sqlite")
