"""Asking back, spoken: the voice mumbles an order, the real recogniser is not sure, and hears the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from nearfield_edge.doubts.doubt import Doubt, Meaning
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.skills.conversation import Conversation
from nearfield_models import load_asr
from nearfield_models.asr.engine import AsrEngine
from nearfield_models.errors import PackNotFoundError
from nearfield_models.pcm import SAMPLES_PER_MS, Samples, to_bytes
from nearfield_sync.messages.turn_record import TurnRecord, turn_record_from_json
from tests.edge.devices import Stage, staged
from tools.demo.customer import customer_voice, spoken

pytestmark = pytest.mark.models

MUMBLED = (
    "Can I have a large latin with soy milk",
    "Can I have a lard cappuccino with old milk",
    "Can I have a large latte with soil milk",
    "Can I have a large lotto with soy milk",
    "Could I have a large capuchin",
)
"""Orders as a listener may mishear them; some are understood, some are not, and some are asked about."""


@pytest.fixture(scope="module")
def asr() -> AsrEngine:
    try:
        return load_asr()
    except PackNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def say() -> Callable[[str], Samples]:
    try:
        voice = customer_voice("piper-en-us-joe-medium")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return lambda text: spoken(voice, text)


async def hear(stage: Stage, sound: Samples) -> TurnRecord:
    before, after = (np.zeros(ms * SAMPLES_PER_MS, np.float32) for ms in (500, 1_500))
    await stage.play(to_bytes(np.concatenate([before, sound, after])))
    await stage.device.agent.rest()
    return stage.records[-1]


async def test_an_order_that_is_not_sure_is_asked_about_confirmed_and_delivered(
    asr: AsrEngine, say: Callable[[str], Samples], tmp_path: Path
) -> None:
    for number, mumbled in enumerate(MUMBLED):
        async with staged(tmp_path / str(number), asr=asr) as stage:
            asked = await hear(stage, say(mumbled))
            if asked.reply is None or not asked.reply.source.startswith("phrase:did_you_mean"):
                continue
            assert asked.route is not None
            assert asked.route.route == "clarify"
            assert asked.understanding.alternatives[0].said
            assert turn_record_from_json(asked.to_json()) == asked

            answered = await hear(stage, say("Yes, please."))
            assert answered.understanding.source == "clarified"
            assert answered.understanding.slots == asked.understanding.slots
            assert answered.effects == ()

            placed = await hear(stage, say("Yes, send it."))
            assert len(placed.effects) == 1
            assert stage.device.outbox.effects.counts()["committed"] == 1
            stage.device.outbox.deliver_due(datetime.now(UTC))
            assert stage.device.outbox.effects.counts()["delivered"] == 1
            return
    pytest.fail("none of the orders was asked about")


@pytest.mark.parametrize(
    ("answer", "size"), [("The small one.", "small"), ("Medium, please.", "medium"), ("No.", None)]
)
async def test_the_words_of_a_choice_are_heard_as_its_answer(
    asr: AsrEngine, say: Callable[[str], Samples], tmp_path: Path, answer: str, size: str | None
) -> None:
    meanings = tuple(
        Meaning(
            skill="coffee",
            intent="orderDrink",
            slots={"size": words, "coffeeDrink": "latte"},
            words=words,
        )
        for words in ("small", "medium")
    )
    conversation = Conversation(doubt=Doubt(meanings=meanings), last_turn_at=datetime.now(UTC))
    ConversationFile(tmp_path / "conversation.json").keep(conversation)
    async with staged(tmp_path, asr=asr) as stage:
        record = await hear(stage, say(answer))
        assert record.understanding.source == "clarified"
        assert record.understanding.slots.get("size") == size
