"""Ingestion and search, over the store in memory and words as vectors; the real ones are in other files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import KnowledgeError
from nearfield_cloud.knowledge.chunks import Sizes
from nearfield_cloud.knowledge.ingest import Ingestion, IngestOptions, Placing, Report
from nearfield_cloud.knowledge.meaning import Meaning
from nearfield_cloud.knowledge.readers.reading import ReadingLimits
from nearfield_cloud.knowledge.search import Found, Knowledge
from nearfield_cloud.knowledge.sources import Fetching, files_of
from nearfield_cloud.knowledge.stored import SearchOptions, StoredKnowledge
from nearfield_cloud.orchestrator.question import Exchange
from nearfield_models.embedding.engine import Vectors
from tests.cloud.documents import pdf
from tests.fakes.clock import SettableClock
from tests.fakes.embedding import BagOfWordsEmbedding
from tests.fakes.passages import PassagesInMemory

HOURS = "The library opens at nine on Mondays.\n\nOn Sundays the library stays closed all day."
PLACING = Placing(tenant="acme")


class Room:
    """All parts of knowledge over one store in memory."""

    def __init__(self, **embedding: bool) -> None:
        self.engine = BagOfWordsEmbedding(**embedding)  # type: ignore[arg-type]
        self.store = PassagesInMemory()
        self.meaning = Meaning(self.engine)
        options = IngestOptions(
            sizes=Sizes(most=40, least=3),
            limits=ReadingLimits(most_characters=5_000),
            fetching=Fetching(largest_bytes=20_000),
        )
        self.ingestion = Ingestion(self.store, self.meaning, SettableClock(), options)
        search = SearchOptions(candidates=20, meaning_weight=0.75, least_similarity=0.3)
        self.knowledge: Knowledge = StoredKnowledge(self.store, self.meaning, search)

    async def ingest(self, path: Path, placing: Placing = PLACING) -> list[Report]:
        async with aclosing(self.ingestion.files(files_of(path, 100), placing)) as reports:
            return [report async for report in reports]

    async def find(
        self, query: str, *, tenant: str = "acme", audiences: Sequence[str] = (), asked: Sequence[str] = ()
    ) -> Sequence[Found]:
        caller = Caller(
            tenant=tenant,
            subject="till",
            kind="device",
            roles=frozenset({"device"}),
            audiences=frozenset(audiences),
        )
        conversation = [Exchange(question=question, answer="Yes.") for question in asked]
        return await self.knowledge.search(query, caller, conversation=conversation)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    made.meaning.close()


def outcomes(reports: Sequence[Report]) -> dict[str, str]:
    return {Path(report.source).name: report.outcome for report in reports}


async def test_a_folder_is_ingested_and_answers_with_its_source(room: Room, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "opening_hours.txt").write_text(HOURS)
    (tmp_path / "inner" / "cups.md").write_text("# Cups\n\n## Colours\n\nAll our cups are white.")
    reports = await room.ingest(tmp_path)
    assert outcomes(reports) == {"cups.md": "added", "opening_hours.txt": "added"}
    best = (await room.find("what colour are the cups"))[0]
    assert (best.document, best.section, best.text) == ("Cups", ("Colours",), "All our cups are white.")
    assert best.source == str(tmp_path / "inner" / "cups.md")
    assert (await room.find("when is the library closed on sundays"))[0].document == "opening hours"


async def test_what_is_unchanged_costs_nothing(room: Room, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text(HOURS)
    await room.ingest(tmp_path)
    embedded = room.engine.embedded
    (report,) = await room.ingest(tmp_path)
    assert (report.outcome, report.passages, report.embedded) == ("unchanged", 2, 0)
    assert room.engine.embedded == embedded


async def test_of_what_changed_only_changed_passages_are_embedded(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "hours.txt"
    file.write_text(HOURS)
    await room.ingest(tmp_path)
    embedded = room.engine.embedded
    file.write_text(HOURS + "\n\nIn August the library is open at night.")
    (report,) = await room.ingest(tmp_path)
    assert (report.outcome, report.passages, report.embedded) == ("changed", 3, 1)
    assert room.engine.embedded == embedded + 1
    assert (await room.find("open at night in August"))[0].text == "In August the library is open at night."


async def test_another_audience_is_a_change_without_embedding(room: Room, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text(HOURS)
    await room.ingest(tmp_path)
    (report,) = await room.ingest(tmp_path, Placing(tenant="acme", audience="staff"))
    assert (report.outcome, report.embedded) == ("changed", 0)
    assert await room.find("library") == []
    assert len(await room.find("library", audiences=["staff"])) == 2


async def test_another_title_is_a_change(room: Room, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text(HOURS)
    await room.ingest(tmp_path)
    (report,) = await room.ingest(tmp_path, Placing(tenant="acme", title="Library"))
    assert (report.outcome, report.title) == ("changed", "Library")
    assert outcomes(await room.ingest(tmp_path)) == {"hours.txt": "unchanged"}


async def test_a_broken_file_is_named_and_the_others_go_on(room: Room, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "fine.pdf").write_bytes(pdf([[(72, 700, 11, "The safe is blue.")]]))
    (tmp_path / "large.txt").write_text("word " * 5_000)
    (tmp_path / "long.txt").write_text("word " * 1_500)
    reports = await room.ingest(tmp_path)
    assert outcomes(reports) == {
        "broken.pdf": "failed", "empty.md": "failed", "fine.pdf": "added", "large.txt": "failed",
        "long.txt": "failed",
    }  # fmt: skip
    assert all(report.source in report.error for report in reports if report.outcome == "failed")


async def test_a_file_that_broke_keeps_what_it_said_before(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "safe.pdf"
    file.write_bytes(pdf([[(72, 700, 11, "The safe is blue.")]]))
    await room.ingest(tmp_path)
    file.write_bytes(b"%PDF-1.4 broken")
    assert outcomes(await room.ingest(tmp_path)) == {"safe.pdf": "failed"}
    assert len(await room.find("which colour is the safe")) == 1


async def test_pruning_deletes_what_left_the_folder_and_nothing_else(room: Room, tmp_path: Path) -> None:
    docs, others = tmp_path / "docs", tmp_path / "docs-of-others"
    for folder in (docs, others):
        folder.mkdir()
        (folder / "hours.txt").write_text(HOURS)
    (docs / "cups.txt").write_text("All our cups are white.")
    await room.ingest(tmp_path)
    await room.ingest(docs, Placing(tenant="rival"))
    (docs / "cups.txt").unlink()
    (others / "hours.txt").unlink()
    removed = await room.ingestion.prune(docs, files_of(docs, 100), "acme")
    assert outcomes(removed) == {"cups.txt": "removed"}
    assert len(await room.store.documents("acme")) == 2
    assert len(await room.store.documents("rival")) == 2


async def test_tenants_have_the_same_file_each_for_itself(room: Room, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text(HOURS)
    await room.ingest(tmp_path)
    assert await room.find("library", tenant="rival") == []
    assert outcomes(await room.ingest(tmp_path, Placing(tenant="rival"))) == {"hours.txt": "added"}
    assert len(await room.find("library", tenant="rival")) == 2


def test_hidden_files_links_out_of_the_folder_and_other_kinds_are_left_out(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / ".git").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (docs / "link.txt").symlink_to(tmp_path / "secret.txt")
    (docs / ".hidden.txt").write_text("hidden")
    (docs / ".git" / "config.txt").write_text("hidden")
    (docs / "film.mp4").write_bytes(b"film")
    (docs / "fine.txt").write_text("fine")
    assert [file.name for file in files_of(docs, 100)] == ["fine.txt"]


def test_a_folder_of_too_many_documents_and_a_missing_one_are_named(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("text")
    with pytest.raises(KnowledgeError, match="more than 2 documents"):
        files_of(tmp_path, 2)
    with pytest.raises(KnowledgeError, match="no file or folder"):
        files_of(tmp_path / "nowhere", 2)


async def test_a_page_is_fetched_only_from_where_the_guard_allows(room: Room) -> None:
    report = await room.ingestion.address("http://127.0.0.1:9/latest", PLACING)
    assert report.outcome == "failed"
    assert "no public address" in report.error


async def test_a_page_is_fetched_and_known_by_its_address(tmp_path: Path) -> None:
    page = b"<title>Cups</title><p>All our cups are white.</p>"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        status = b"200 OK" if head.startswith(b"GET /cups ") else b"404 Not Found"
        head = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % (status, len(page))
        writer.write(head + page)
        await writer.drain()
        writer.close()

    room = Room()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        options = IngestOptions(fetching=Fetching(networks=("127.0.0.0/8",)))
        ingestion = Ingestion(room.store, room.meaning, SettableClock(), options)
        address = f"http://127.0.0.1:{port}/cups"
        assert (await ingestion.address(address, PLACING)).outcome == "added"
        assert (await ingestion.address(address, PLACING)).outcome == "unchanged"
        missing = await ingestion.address(f"http://127.0.0.1:{port}/nothing", PLACING)
    assert (missing.outcome, "404" in missing.error) == ("failed", True)
    best = (await room.find("what colour are cups"))[0]
    assert (best.document, best.source) == ("Cups", address)
    room.meaning.close()


async def test_a_question_is_understood_from_the_conversation(room: Room, tmp_path: Path) -> None:
    (tmp_path / "milk.txt").write_text("Oat milk costs fifty cents.\n\nA parking place costs four euros.")
    await room.ingest(tmp_path)
    assert (await room.find("how much is it", asked=["do you have oat milk"]))[0].text.startswith("Oat milk")
    assert (await room.find("how much is it", asked=["can I park, a parking place"]))[0].text.startswith(
        "A park"
    )


async def test_what_fits_nothing_finds_nothing(room: Room, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text(HOURS)
    await room.ingest(tmp_path)
    assert await room.find("zebra crossing") == []
    assert await room.find("   ") == []
    assert await room.find("?!") == []


async def test_words_find_what_vectors_put_last(room: Room, tmp_path: Path) -> None:
    (tmp_path / "codes.txt").write_text("Error E17 means no water.\n\nError E18 means no power at all here.")
    await room.ingest(tmp_path)
    best = (await room.find("and what now does this E18 thing say to me please"))[0]
    assert "E18" in best.text
    assert best.score > best.similarity * 0.75


async def test_a_store_or_a_model_that_fails_is_one_named_error(room: Room) -> None:
    room.store.fails = True
    with pytest.raises(KnowledgeError, match="told to fail"):
        await room.find("library")
    failing = Room(fails=True)
    with pytest.raises(KnowledgeError, match="told to fail"):
        await failing.find("library")
    failing.meaning.close()


async def test_the_model_runs_on_one_thread_of_its_own() -> None:
    threads: set[int] = set()

    class Watched(BagOfWordsEmbedding):
        def embed(self, texts: Sequence[str]) -> Vectors:
            threads.add(threading.get_ident())
            return super().embed(texts)

    meaning = Meaning(Watched())
    await asyncio.gather(*(meaning.of([f"sentence {number}"]) for number in range(50)))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    meaning.close()


async def test_a_question_does_not_wait_for_a_whole_document() -> None:
    meaning = Meaning(BagOfWordsEmbedding())
    done: list[str] = []

    async def embed(name: str, sentences: Sequence[str]) -> None:
        await meaning.of(sentences)
        done.append(name)

    await asyncio.gather(embed("document", ["sentence"] * 500), embed("question", ["question"]))
    assert done == ["question", "document"]
    meaning.close()
