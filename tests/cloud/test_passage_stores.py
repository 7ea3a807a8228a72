"""One contract, four stores: in memory, SQLite, PostgreSQL with pgvector, Qdrant in its client's own mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import numpy as np
import pytest

from nearfield_cloud.knowledge.stores.pgvector import open_pgvector
from nearfield_cloud.knowledge.stores.qdrant import open_qdrant
from nearfield_sync.errors import PassageStoreError, SyncError
from nearfield_sync.passages.passage import Document, Passage, Scope, Vectors, chunk_id, document_id
from nearfield_sync.passages.sqlite import open_passages
from nearfield_sync.passages.store import PassageStore
from tests.cloud.pgvector_server import pgvector_server
from tests.fakes.passages import PassagesInMemory

MODEL = "words@1"
EVERYBODY = Scope(tenant="acme")
ONE, TWO, THREE, FOUR = (np.eye(16, dtype=np.float32)[at] for at in range(4))


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with pgvector_server() as address:
        yield address


@pytest.fixture(params=["memory", "sqlite", pytest.param("pgvector", marks=pytest.mark.server), "qdrant"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PassageStore]:
    if request.param == "memory":
        yield PassagesInMemory()
    elif request.param == "sqlite":
        opened = open_passages(tmp_path / "passages.sqlite")
        yield opened
        await opened.close()
    elif request.param == "qdrant":
        pytest.importorskip("qdrant_client", reason="qdrant-client is missing: install the extra 'qdrant'")
        async with open_qdrant(":memory:") as qdrant:
            yield qdrant
    else:
        address = request.getfixturevalue("postgres")
        async with open_pgvector(address) as pgvector:
            yield pgvector
        connection = await asyncpg.connect(address)
        await connection.execute("DROP TABLE nearfield_vectors, nearfield_words, nearfield_passages")
        await connection.execute("DROP TABLE nearfield_documents")
        await connection.close()


def document(source: str = "/docs/kettles.md", *, tenant: str = "acme", audience: str = "public") -> Document:
    return Document(
        document_id=document_id(tenant, source),
        tenant=tenant,
        audience=audience,
        title="Kettles",
        source=source,
        digest="0" * 64,
        media_type="text/markdown",
        recipe="1",
        ingested_at="2026-11-28T00:00:00+00:00",
    )


def passage(owner: Document, text: str, position: int = 0) -> Passage:
    name = chunk_id(owner.document_id, owner.title, ("Care",), text, 0)
    return Passage(chunk_id=name, position=position, headings=("Care",), text=text)


async def put(store: PassageStore, owner: Document, *content: tuple[str, Vectors]) -> list[Passage]:
    passages = [passage(owner, text, at) for at, (text, _) in enumerate(content)]
    vectors = {one.chunk_id: np.atleast_2d(rows) for one, (_, rows) in zip(passages, content, strict=True)}
    await store.put(owner, passages, vectors, model_id=MODEL)
    return passages


async def test_a_passage_is_found_by_its_nearest_vector_and_given_whole(store: PassageStore) -> None:
    owner = document()
    descale, filters = await put(
        store, owner, ("Descale it monthly.", np.stack([ONE, TWO])), ("Change the filter.", THREE)
    )
    tilted = (TWO * 3 + THREE) / np.linalg.norm(TWO * 3 + THREE)
    hits = await store.nearest(tilted, EVERYBODY, 5, model_id=MODEL)
    assert [(hit.document, hit.passage) for hit in hits] == [(owner, descale), (owner, filters)]
    assert hits[0].score == pytest.approx(0.949, abs=0.01)
    assert hits[1].score == pytest.approx(0.316, abs=0.01)


async def test_a_search_gives_no_more_than_its_limit(store: PassageStore) -> None:
    await put(store, document(), ("Descale the kettle.", ONE), ("Fill the kettle.", TWO))
    assert len(await store.nearest(ONE, EVERYBODY, 1, model_id=MODEL)) == 1
    assert len(await store.matching(["kettle"], EVERYBODY, 1)) == 1


async def test_words_are_found_by_their_stems_in_text_headings_and_title(store: PassageStore) -> None:
    descale, _ = await put(store, document(), ("Descaling takes an hour.", ONE), ("Nothing else.", TWO))
    await put(store, replace(document("/docs/cups.md"), title="Cups"), ("Cups are white.", THREE))
    found = await store.matching(["descale", "hours"], EVERYBODY, 5)
    assert [hit.passage for hit in found] == [descale]
    assert len(await store.matching(["caring"], EVERYBODY, 5)) == 3
    assert len(await store.matching(["kettle"], EVERYBODY, 5)) == 2


async def test_a_rarer_word_weighs_more_and_a_shorter_passage_wins(store: PassageStore) -> None:
    rare, short, long, *_ = await put(
        store,
        document(),
        ("Descale the machine.", ONE),
        ("Clean the machine.", TWO),
        ("Clean the machine with a cloth that is neither wet nor dry nor made of wool.", THREE),
        ("Switch the machine on.", FOUR),
        ("Something else altogether.", FOUR),
    )
    order = [hit.passage for hit in await store.matching(["machine", "descale"], EVERYBODY, 5)]
    assert order[0] == rare
    assert order.index(short) < order.index(long)


@pytest.mark.parametrize(
    "word",
    [
        '"',
        "'; DROP TABLE documents; --",
        "NEAR(a b)",
        "text:descale",
        "* OR *",
        "desc*",
        "\0",
        "",
        "{a b}:",
        "^a",
        "🙂",
    ],
)
async def test_what_looks_like_a_query_is_only_words(store: PassageStore, word: str) -> None:
    await put(store, document(), ("Descale it monthly.", ONE))
    assert await store.matching([word], EVERYBODY, 5) == [] or "descale" in word
    assert len(await store.matching([word, "monthly"], EVERYBODY, 5)) == 1


async def test_nothing_leaves_its_tenant_or_audience(store: PassageStore) -> None:
    await put(store, document("/a"), ("Descale the kettle.", ONE))
    await put(store, document("/b", audience="staff"), ("The safe of the kettle is open.", ONE))
    await put(store, document("/a", tenant="rival"), ("Their secret kettle.", ONE))
    staff = Scope(tenant="acme", audiences=frozenset({"public", "staff"}))
    rival_chunk = (await store.nearest(ONE, Scope(tenant="rival"), 5, model_id=MODEL))[0].passage.chunk_id
    for scope, sources in ((EVERYBODY, {"/a"}), (staff, {"/a", "/b"}), (Scope(tenant="nobody"), set())):
        near = await store.nearest(ONE, scope, 5, model_id=MODEL)
        worded = await store.matching(["kettle"], scope, 5)
        for hits in (near, worded):
            assert {hit.document.source for hit in hits} == sources
            assert {hit.document.tenant for hit in hits} <= {scope.tenant}
        assert await store.similarities(ONE, scope, [rival_chunk], model_id=MODEL) == {}
    assert not await store.delete("acme", document_id("rival", "/a"))
    assert [one.document.source for one in await store.documents("rival")] == ["/a"]


async def test_vectors_of_two_models_are_never_compared(store: PassageStore) -> None:
    owner = document()
    (one,) = await put(store, owner, ("Descale it.", ONE))
    assert await store.nearest(ONE, EVERYBODY, 5, model_id="other@2") == []
    assert await store.similarities(ONE, EVERYBODY, [one.chunk_id], model_id="other@2") == {}
    assert await store.embedded("acme", owner.document_id, model_id="other@2") == frozenset()
    with pytest.raises(ValueError, match="no vectors"):
        await store.put(owner, [one], {}, model_id="other@2")
    assert len(await store.nearest(ONE, EVERYBODY, 5, model_id=MODEL)) == 1
    await store.put(owner, [one], {one.chunk_id: np.full((1, 4), 0.5, np.float32)}, model_id="other@2")
    assert await store.nearest(ONE, EVERYBODY, 5, model_id=MODEL) == []
    assert len(await store.nearest(np.full(4, 0.5, np.float32), EVERYBODY, 5, model_id="other@2")) == 1
    assert len(await store.matching(["descale"], EVERYBODY, 5)) == 1


async def test_a_changed_document_keeps_what_it_still_says_and_loses_the_rest(store: PassageStore) -> None:
    owner = document()
    stays, _ = await put(store, owner, ("Descale it monthly.", ONE), ("Old filters leak.", TWO))
    changed = replace(owner, digest="1" * 64, audience="staff")
    new = passage(changed, "New filters hold.", 0)
    kept = await store.embedded("acme", owner.document_id, model_id=MODEL)
    assert stays.chunk_id in kept
    moved = replace(stays, position=1)
    await store.put(changed, [new, moved], {new.chunk_id: THREE[None]}, model_id=MODEL)
    staff = Scope(tenant="acme", audiences=frozenset({"staff"}))
    assert await store.nearest(ONE, EVERYBODY, 5, model_id=MODEL) == []
    assert await store.matching(["leak"], staff, 5) == []
    assert (await store.nearest(ONE, staff, 1, model_id=MODEL))[0].passage == moved
    assert (await store.matching(["hold"], staff, 1))[0].document == changed
    assert [(one.document, one.passages) for one in await store.documents("acme")] == [(changed, 2)]


async def test_a_passage_without_vectors_is_refused_and_nothing_changes(store: PassageStore) -> None:
    owner = document()
    await put(store, owner, ("Descale it monthly.", ONE))
    other = passage(owner, "Something new.")
    with pytest.raises(ValueError, match="no vectors"):
        await store.put(replace(owner, title="Changed"), [other], {}, model_id=MODEL)
    assert [one.document for one in await store.documents("acme")] == [owner]
    assert len(await store.matching(["monthly"], EVERYBODY, 5)) == 1


async def test_a_deleted_document_is_found_by_nothing(store: PassageStore) -> None:
    owner = document()
    (one,) = await put(store, owner, ("Descale it monthly.", ONE))
    await put(store, document("/docs/other.md"), ("Fill it.", TWO))
    assert await store.delete("acme", owner.document_id)
    assert not await store.delete("acme", owner.document_id)
    assert await store.matching(["monthly"], EVERYBODY, 5) == []
    assert [hit.document.source for hit in await store.nearest(ONE, EVERYBODY, 5, model_id=MODEL)] == [
        "/docs/other.md"
    ]
    assert await store.similarities(ONE, EVERYBODY, [one.chunk_id], model_id=MODEL) == {}
    assert [listed.document.source for listed in await store.documents("acme")] == ["/docs/other.md"]
    await put(store, owner, ("Descale it monthly.", ONE))
    assert len(await store.matching(["monthly"], EVERYBODY, 5)) == 1


async def test_a_document_without_passages_is_listed(store: PassageStore) -> None:
    await store.put(document(), [], {}, model_id=MODEL)
    assert [(one.document, one.passages) for one in await store.documents("acme")] == [(document(), 0)]


async def test_similarities_are_those_of_nearest(store: PassageStore) -> None:
    first, second = await put(store, document(), ("One.", np.stack([ONE, TWO])), ("Two.", THREE))
    question = (ONE + 2 * THREE) / np.linalg.norm(ONE + 2 * THREE)
    near = {
        hit.passage.chunk_id: hit.score for hit in await store.nearest(question, EVERYBODY, 5, model_id=MODEL)
    }
    asked = [first.chunk_id, second.chunk_id, "unknown"]
    assert await store.similarities(question, EVERYBODY, asked, model_id=MODEL) == pytest.approx(near)
    assert await store.similarities(question, EVERYBODY, [], model_id=MODEL) == {}


async def test_a_store_of_nothing_finds_nothing(store: PassageStore) -> None:
    assert await store.nearest(ONE, EVERYBODY, 5, model_id=MODEL) == []
    assert await store.matching(["kettle"], EVERYBODY, 5) == []
    assert await store.documents("acme") == []


async def test_a_server_that_is_not_there_is_a_named_error() -> None:
    with pytest.raises(PassageStoreError, match="PostgreSQL"):
        async with open_pgvector("postgresql://nobody@127.0.0.1:1/none"):
            pass
    with pytest.raises(PassageStoreError, match="Qdrant"):
        async with open_qdrant("http://127.0.0.1:1"):
            pass


def test_the_errors_of_stores_are_errors_of_sync() -> None:
    assert issubclass(PassageStoreError, SyncError)
