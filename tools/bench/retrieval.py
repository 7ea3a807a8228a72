"""Finding the right passage: questions of SQuAD 2.0 over its articles, ingested as documents.

Each article becomes a text file of its passages and goes through the same ingestion as a customer's folder;
all answerable questions are then searched for over all articles. A found passage counts where its text lies
inside the right passage of the data; one that reaches over two counts for neither.

* ``recall_at_1``, ``recall_at_5``, ``mrr``: for the search as it is (``hybrid``), for vectors and words
  alone, and for both fused by ranks (reciprocal rank, k = 60), which is what the fusion here is measured
  against.
* ``one_vector_a_passage``: vectors alone, if each passage were embedded whole and not sentence by sentence.
* ``held_out``: the weight of the fusion chosen on seven articles and scored on the eighth, for each of them:
  what a weight fitted to these data would be worth on others.
* ``after_another_question``: the search as it is, with the question before it in the data as conversation.
  Both stand alone, so whatever is lost against ``hybrid`` is lost by rewriting.
* ``store_ms``: the store's part of a search by vectors, among many sentences of random vectors (``--scale``).
* ``search_ms``: one search, from text to passages; ``embedding_share`` of it is the model's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.knowledge.blocks import clean
from nearfield_cloud.knowledge.composition import KnowledgeRoom, open_knowledge
from nearfield_cloud.knowledge.ingest import Placing
from nearfield_cloud.knowledge.sources import files_of
from nearfield_cloud.orchestrator.question import Exchange
from nearfield_sync.passages.fusion import fuse
from nearfield_sync.passages.passage import Document, Hit, Passage, Scope, Vectors
from nearfield_sync.passages.sqlite import open_passages
from nearfield_sync.passages.words import telling_words
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

TARGETS: Final = (
    Target(name="hybrid recall", figure="hybrid.recall_at_5", at="least", value=0.97),
    Target(name="better than vectors alone", figure="gain_over_vectors", at="least", value=0.001),
    Target(name="better than words alone", figure="gain_over_words", at="least", value=0.001),
)
_WEIGHTS: Final = tuple(round(weight * 0.05, 2) for weight in range(21))
_TENANT: Final = "bench"
_CALLER: Final = Caller(tenant=_TENANT, subject="bench", kind="application", roles=frozenset({"application"}))
_MISSED: Final = 10**6
_AT_ONCE: Final = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and what each kind of search found for it: scores by chunk id."""

    article: str
    gold: str
    vectors: Mapping[str, float]
    """The cosine of every passage that either search found."""
    nearest: Sequence[str]
    words: Mapping[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--data", type=Path, default=default_data() / "qa" / "squad2_part.json", metavar="FILE"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="every so many-th question, N in all")
    parser.add_argument("--timed", type=int, default=300, metavar="N", help="searches that are timed")
    parser.add_argument("--scale", type=int, default=100_000, metavar="N", help="sentences in a large store")


def run(arguments: argparse.Namespace) -> Report:
    """Ingest, ask, score."""
    title = "the right passage among 8 articles"
    if not arguments.data.is_file():
        reason = f"all of it: there is no {arguments.data}, name the file with --data"
        return Report(name="retrieval", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    document = json.loads(arguments.data.read_text("utf-8"))
    questions = [one for one in document["questions"] if one["answerable"]]
    if arguments.limit:
        questions = questions[:: max(1, len(questions) // arguments.limit)][: arguments.limit]
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(Path(folder), document["passages"], questions, arguments.timed))
        figures["store_ms"] = asyncio.run(_at_scale(Path(folder), arguments.scale))
    packages = ("numpy", "onnxruntime", "apsw", "sqlite-vec")
    return Report(name="retrieval", title=title, figures=figures, targets=TARGETS, packages=packages)


async def _measure(
    folder: Path, passages: Sequence[Mapping[str, str]], questions: Sequence[Mapping[str, Any]], timed: int
) -> dict[str, Any]:
    (folder / "articles").mkdir()
    for title in dict.fromkeys(passage["title"] for passage in passages):
        text = "\n\n".join(" ".join(one["text"].split()) for one in passages if one["title"] == title)
        (folder / "articles" / f"{title}.txt").write_text(text, "utf-8")
    async with open_knowledge(Configuration(data=folder / "data")) as room:
        await room.meaning.warm_up()
        started = time.perf_counter()
        async with aclosing(
            room.ingestion.files(files_of(folder / "articles", 100), Placing(tenant=_TENANT))
        ) as reports:
            ingested = [report async for report in reports]
        seconds, sentences = time.perf_counter() - started, room.meaning.embedded
        texts = await _texts(room, passages)
        owners = _owners(texts, passages)
        asked = [await _ask(room, question) for question in questions]
        whole = await _whole(room, texts, questions, owners)
        conversing = await _conversing(room, questions, owners)
        latency = await _timed(room, [question["question"] for question in questions][:timed])
        quality = _quality(asked, owners)
    return {
        "questions": len(asked),
        "documents": len(ingested),
        "passages": len(owners),
        "sentences": sentences,
        "ingest_seconds": seconds,
        **quality,
        "one_vector_a_passage": whole,
        "after_another_question": conversing,
        "search_ms": latency,
    }


async def _texts(room: KnowledgeRoom, passages: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """All stored passages: whatever has a telling word is found by one."""
    words = sorted({word for passage in passages for word in telling_words(clean(passage["text"]))})
    texts: dict[str, str] = {}
    for at in range(0, len(words), 50):
        for hit in await room.store.matching(words[at : at + 50], Scope(tenant=_TENANT), 100_000):
            texts[hit.passage.chunk_id] = " ".join(hit.passage.text.split())
    return texts


def _owners(texts: Mapping[str, str], passages: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The passage of the data inside which each stored one lies; none where it reaches over two."""
    cleaned = {passage["passage_id"]: clean(passage["text"]) for passage in passages}
    return {
        name: next((one for one, whole in cleaned.items() if text in whole), "")
        for name, text in texts.items()
    }


async def _whole(
    room: KnowledgeRoom,
    texts: Mapping[str, str],
    questions: Sequence[Mapping[str, Any]],
    owners: Mapping[str, str],
) -> dict[str, float]:
    names = list(texts)
    rows = await room.meaning.of([texts[name] for name in names])
    vectors = await room.meaning.of([question["question"] for question in questions])
    ranks = []
    for question, vector in zip(questions, vectors, strict=True):
        order = [names[at] for at in np.argsort(-(rows @ vector))]
        ranks.append(_rank(order, question["passage_id"], owners))
    return _scores(ranks)


async def _ask(room: KnowledgeRoom, question: Mapping[str, Any]) -> Asked:
    """What `StoredKnowledge` asks its store, kept apart."""
    scope, model = Scope(tenant=_TENANT), room.meaning.model_id
    vector = (await room.meaning.of([question["question"]]))[0]
    near = await room.store.nearest(vector, scope, 50, model_id=model)
    worded = await room.store.matching(telling_words(question["question"]), scope, 50)
    names = [hit.passage.chunk_id for hit in (*near, *worded)]
    cosines = await room.store.similarities(vector, scope, names, model_id=model)
    return Asked(
        article=question["passage_id"].rsplit("/", 1)[0],
        gold=question["passage_id"],
        vectors=cosines,
        nearest=_names(near),
        words={hit.passage.chunk_id: hit.score for hit in worded},
    )


async def _conversing(
    room: KnowledgeRoom, questions: Sequence[Mapping[str, Any]], owners: Mapping[str, str]
) -> dict[str, float]:
    ranks = []
    for before, question in zip([questions[-1], *questions[:-1]], questions, strict=True):
        conversation = [Exchange(question=before["question"], answer="")]
        found = await room.knowledge.search(
            question["question"], _CALLER, conversation=conversation, limit=50
        )
        ranks.append(_rank([one.chunk_id for one in found], question["passage_id"], owners))
    return _scores(ranks)


def _names(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.chunk_id for hit in hits]


async def _timed(room: KnowledgeRoom, texts: Sequence[str]) -> dict[str, float]:
    taken, model = [], 0.0
    for text in texts:
        started = time.perf_counter()
        await room.knowledge.search(text, _CALLER)
        taken.append(time.perf_counter() - started)
        started = time.perf_counter()
        await room.meaning.of([text])
        model += time.perf_counter() - started
    return {
        "p50": float(np.percentile(taken, 50)) * 1e3,
        "p95": float(np.percentile(taken, 95)) * 1e3,
        "embedding_share": model / sum(taken),
    }


async def _at_scale(folder: Path, sentences: int) -> dict[str, float]:
    """How long the default store takes to search many sentences, five a passage."""
    store = open_passages(folder / "large.sqlite")
    generator = np.random.default_rng(0)
    for number in range(0, sentences, _AT_ONCE):
        rows = _units(generator, min(_AT_ONCE, sentences - number))
        names = [f"{number}-{at}" for at in range(0, len(rows), 5)]
        await store.put(
            Document(
                document_id=str(number), tenant=_TENANT, audience="public", title="", source=str(number),
                digest="", media_type="text/plain", recipe="", ingested_at="",
            ),
            [Passage(chunk_id=name, position=at, headings=(), text=name) for at, name in enumerate(names)],
            {name: rows[5 * at : 5 * at + 5] for at, name in enumerate(names)},
            model_id="random",
        )  # fmt: skip
    taken = []
    for question in _units(generator, 50):
        started = time.perf_counter()
        await store.nearest(question, Scope(tenant=_TENANT), 50, model_id="random")
        taken.append(time.perf_counter() - started)
    await store.close()
    return {
        "sentences": sentences,
        "p50": float(np.percentile(taken, 50)) * 1e3,
        "p95": float(np.percentile(taken, 95)) * 1e3,
    }


def _units(generator: np.random.Generator, number: int) -> Vectors:
    rows = generator.standard_normal((number, 384)).astype(np.float32)
    lengths: Vectors = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths


def _quality(asked: Sequence[Asked], owners: Mapping[str, str]) -> dict[str, Any]:
    weight = Configuration().knowledge.meaning_weight
    ranks = {
        one: [_rank(_fused(question, one), question.gold, owners) for question in asked] for one in _WEIGHTS
    }
    hybrid = _scores([_rank(_fused(question, weight), question.gold, owners) for question in asked])
    vectors = _scores([_rank(question.nearest, question.gold, owners) for question in asked])
    words = _scores([_rank(list(question.words), question.gold, owners) for question in asked])
    by_ranks = _scores([_rank(_by_ranks(question), question.gold, owners) for question in asked])
    return {
        "hybrid": hybrid,
        "vectors": vectors,
        "words": words,
        "fused_by_ranks": by_ranks,
        "gain_over_vectors": hybrid["recall_at_5"] - vectors["recall_at_5"],
        "gain_over_words": hybrid["recall_at_5"] - words["recall_at_5"],
        "held_out": _held_out(asked, ranks),
        "by_weight": {f"{one:.2f}": _scores(ranks[one])["recall_at_5"] for one in _WEIGHTS[4:]},
        "passages_over_two": sum(not owner for owner in owners.values()),
    }


def _fused(question: Asked, weight: float) -> list[str]:
    return [name for name, _ in fuse(question.vectors, question.words, meaning=weight)]


def _by_ranks(question: Asked) -> list[str]:
    """Reciprocal rank fusion. Source: Cormack, Clarke and Büttcher 2009."""
    scores: dict[str, float] = {}
    for order in (question.nearest, list(question.words)):
        for rank, name in enumerate(order, start=1):
            scores[name] = scores.get(name, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda name: -scores[name])


def _rank(order: Sequence[str], gold: str, owners: Mapping[str, str]) -> int:
    """From 1; the first passage that lies inside the right one."""
    places = (place for place, name in enumerate(order, start=1) if owners.get(name) == gold)
    return next(places, _MISSED)


def _scores(ranks: Sequence[int]) -> dict[str, float]:
    found = np.array(ranks)
    return {
        "recall_at_1": float((found <= 1).mean()),
        "recall_at_5": float((found <= 5).mean()),
        "mrr": float((1 / found).mean()),
    }


def _held_out(asked: Sequence[Asked], ranks: Mapping[float, Sequence[int]]) -> dict[str, Any]:
    """Choose the weight by recall at 5, then by MRR, without the article that is scored."""
    chosen: dict[str, float] = {}
    scored: list[int] = []
    for article in dict.fromkeys(question.article for question in asked):
        inside = np.array([question.article == article for question in asked])
        if inside.all():
            continue

        def worth(weight: float, others: Any = ~inside) -> tuple[float, float]:
            found = _scores(np.array(ranks[weight])[others].tolist())
            return found["recall_at_5"], found["mrr"]

        chosen[article] = max(_WEIGHTS, key=worth)
        scored += np.array(ranks[chosen[article]])[inside].tolist()
    return {**(_scores(scored) if scored else {}), "weights": sorted(set(chosen.values()))}
