"""Turns over real documents and the real embedding model: begun on partials, cited, for who may read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nearfield_cloud.caller import Caller
from nearfield_cloud.composing.composition import make_composer
from nearfield_cloud.configuration.tree import parse_configuration
from nearfield_cloud.knowledge.composition import open_knowledge
from nearfield_cloud.knowledge.ingest import Placing
from nearfield_cloud.orchestrator.answer import SentenceReady
from nearfield_cloud.orchestrator.answering import Answering
from nearfield_cloud.orchestrator.opening import open_orchestrator
from nearfield_models.errors import PackNotFoundError
from nearfield_sync.redaction.redactor import Redactor
from tests.cloud.answers import DEVICE, asked, finished, heard, planned, said
from tests.cloud.test_answering import rows
from tests.cloud.test_turns_with_tools import SHOP

pytestmark = [pytest.mark.models, pytest.mark.server]

RULES = """# Opening hours

The shop opens at nine on weekdays. On Sundays it is closed.

# Returns

Goods can be returned within thirty days.
"""
STAFF = "# Safe\n\nThe safe opens with the blue key.\n"
CLERK = Caller(
    tenant="acme", subject="anna", kind="person", roles=frozenset({"analyst"}), audiences=frozenset({"staff"})
)


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Answering]:
    documents = folder / "documents"
    documents.mkdir()
    (documents / "rules.md").write_text(RULES)
    (documents / "staff.md").write_text(STAFF)
    tools = {"shop": {**SHOP, "calls": {"order_status": SHOP["calls"]["order_status"]}}}
    written = {
        "data": str(folder),
        "tools": tools,
        "composing": {"least_confidence": 0.5},
        "orchestrator": {"records": {"text": True}},
    }
    configuration = parse_configuration(written, where="test")
    redactor = Redactor()
    try:
        async with open_knowledge(configuration) as room:
            for name, audience in (("rules.md", "public"), ("staff.md", "staff")):
                placing = Placing(tenant="acme", audience=audience)
                assert [one.outcome async for one in room.ingestion.files([documents / name], placing)]
            async with open_orchestrator(
                configuration,
                knowledge=room.knowledge,
                composer=make_composer(configuration.composing, room.meaning.of),
                embed=room.meaning.of,
                redact=lambda text: redactor.redact(text).text,
            ) as orchestrator:
                yield orchestrator
    except PackNotFoundError as error:
        pytest.skip(f"the embedding model is not fetched: {error}")


async def test_a_shop_answers_from_its_documents_and_its_tools(tmp_path: Path) -> None:
    async with shop(tmp_path) as orchestrator:
        listening = orchestrator.listen(DEVICE)
        for partial in ("when does", "when does the shop open"):
            listening.hear(partial)
        opening = await heard(listening, asked("When does the shop open?", caller=DEVICE))
        parcel = await heard(orchestrator.listen(), asked("Has my parcel A17 been shipped yet?"))
        unknown = await heard(orchestrator.listen(), asked("Who painted the Mona Lisa?"))
        await heard(orchestrator.listen(), asked("Does the shop open for anna.berg@example.com?"))
    assert "nine on weekdays" in said(opening)
    assert "begun on a partial" in next(s.detail for s in finished(opening).steps if s.name == "retrieve")
    sentence = next(event for event in opening if isinstance(event, SentenceReady))
    assert sentence.citations[0].source.endswith("rules.md")
    assert said(parcel) == "Order A17 is on its way."
    assert finished(unknown).outcome == "ungrounded"
    kept = " ".join(str(question) for (question,) in rows(tmp_path, "SELECT question FROM turns"))
    assert "Mona Lisa" in kept
    assert "anna.berg" not in kept


async def test_what_is_for_staff_is_answered_to_staff_alone(tmp_path: Path) -> None:
    async with shop(tmp_path) as orchestrator:
        question = "Which key opens the safe?"
        device = await heard(orchestrator.listen(DEVICE), asked(question, caller=DEVICE))
        clerk = await heard(orchestrator.listen(CLERK), asked(question, caller=CLERK))
    assert "blue" not in said(device)
    assert "blue key" in said(clerk)
    assert planned(clerk).plan == "knowledge"
