"""What a skill gets for free from the turns before: pronouns, ellipsis, threads, and a kind end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from nearfield_edge import phrases
from nearfield_edge.dialogue import Dialogue
from nearfield_edge.errors import RecordError
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.routing.policy import read_policy
from nearfield_edge.routing.router import Reach
from nearfield_edge.skills.conversation import (
    Conversation,
    conversation_from_dict,
    resolved_slots,
)
from nearfield_edge.skills.delivery import EffectDelivery
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.loading import load_skills, shipped_skills_folder
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_models.grammar import SentenceSource, compile_grammar
from nearfield_sync.messages.turn_record import Understanding
from nearfield_sync.telemetry import Counters
from tests.edge.skill_folders import FRIDAY, runtime_of, write_skill

MANIFEST = """
[intents.ring]
reply = "ringing"
required = { person = "ask_person" }
[intents.count]
function = "probe:count"
"""

SENTENCES = """
language: en
intents:
  ring:
    data:
      - sentences: ["ring {person} [on {floor}]"]
      - sentences: ["{person}"]
        requires_context: {open_slot: person}
      - sentences: ["ring (him|her|them) [on {floor}]", "[and] on {floor}"]
        slots: {person: "{previous}"}
        requires_context: {active_skill: probe}
      - sentences: ["the same again"]
        slots: {person: "{previous}", floor: "{previous}"}
        requires_context: {last_intent: ring}
  count:
    data:
      - sentences: ["what did I say"]
lists:
  person: {values: [Ada, Grace]}
  floor: {values: [one, two]}
"""

REPLIES = """
ringing: "{{ slots.person }} on {{ slots.floor | default('any') }}."
ask_person: "Whom?"
counted: "{{ said }}."
"""

PYTHON = """
from nearfield_edge.skills.api import SkillReply
def count(call):
    before = call.previous
    said = f"{before.intent} {dict(before.slots)}" if before else "nothing"
    return SkillReply(reply="counted", values={"said": said})
"""


class Talk:
    """One conversation with the probe and the coffee kiosk; a line is a settled turn five seconds later."""

    def __init__(self, data: Path, guard: PermissionGuard) -> None:
        write_skill(data / "skills", manifest=MANIFEST, sentences=SENTENCES, replies=REPLIES, python=PYTHON)
        skills = load_skills(
            [shipped_skills_folder(), data / "skills"],
            enabled=["coffee", "probe"],
            settings={},
            data_folder=data / "data",
            guard=guard,
        )
        runtime = runtime_of(skills, guard)
        delivery = EffectDelivery(runtime, HttpDelivery(lambda host, port: None), None)
        self.now = FRIDAY
        self._turns = 0
        self._outbox = Outbox(EffectStore(data / "effects.sqlite"), delivery, Counters())
        self.dialogue = Dialogue(
            grammar=compile_grammar(
                [SentenceSource(skill=skill.id, templates=skill.sentences) for skill in skills]
            ),
            skills=runtime,
            outbox=self._outbox,
            policy=read_policy(None),
            reach=Reach,
            now=lambda: self.now,
            memory=ConversationFile(data / "conversation.json"),
            on_commit=lambda: None,
        )

    async def understand(self, words: str) -> Understanding:
        return await self.dialogue.understand(Transcript(text=words))

    async def say(self, words: str) -> Answer:
        self.now += timedelta(seconds=5)
        self._turns += 1
        understanding = await self.understand(words)
        route = self.dialogue.choose_route(understanding)
        answer = await self.dialogue.answer(f"t{self._turns}", 0, understanding, route)
        await self.dialogue.commit(f"t{self._turns}")
        return answer

    async def say_all(self, lines: Sequence[str]) -> str:
        """Give the last answer."""
        answers = [await self.say(line) for line in lines]
        return answers[-1].text

    def close(self) -> None:
        self._outbox.close()


@pytest.fixture
def talk(tmp_path: Path, guard: PermissionGuard) -> Iterator[Talk]:
    with closing(Talk(tmp_path, guard)) as made:
        yield made


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["ring Ada", "ring her on two"], "Ada on two."),
        (["ring Ada on one", "and on two"], "Ada on two."),
        (["ring Ada on one", "the same again"], "Ada on one."),
        (["ring Ada", "the same again"], "Ada on any."),
        (["ring Ada on one", "ring Grace", "the same again"], "Grace on one."),
        (["what did I say", "ring her", "Grace"], "Grace on any."),
    ],
)
async def test_what_a_slot_held_last_stands_for_a_pronoun(talk: Talk, lines: list[str], answer: str) -> None:
    assert await talk.say_all(lines) == answer


async def test_the_record_says_whom_a_pronoun_meant(talk: Talk) -> None:
    await talk.say("ring Ada")
    assert (await talk.understand("ring her")).slots == {"person": "Ada"}


async def test_a_sentence_may_ask_for_the_intent_before_it(talk: Talk) -> None:
    await talk.say("ring Ada")
    await talk.say("what did I say")
    assert (await talk.understand("the same again")).intent is None


async def test_a_skill_sees_what_it_was_asked_before(talk: Talk) -> None:
    assert (await talk.say("what did I say")).text == "Nothing."
    await talk.say("ring Ada on one")
    assert (await talk.say("what did I say")).text == "Ring {'person': 'Ada', 'floor': 'one'}."


async def test_an_interrupted_talk_with_one_skill_goes_on_after_another(talk: Talk) -> None:
    assert "size" in (await talk.say("a latte with milk")).text.lower()
    await talk.say("ring Ada")
    assert (await talk.say("large")).text.startswith("One large latte with milk")
    assert (await talk.say("and on two")).text == "Ada on two."


async def test_the_latest_talk_comes_first(talk: Talk) -> None:
    await talk.say("a small latte")
    await talk.say("ring Ada on one")
    both = await talk.understand("the same again")
    assert (both.skill, both.source) == ("probe", "context")


async def test_what_goes_on_with_an_ended_conversation_is_told_so_and_the_device_listens(talk: Talk) -> None:
    await talk.say("ring Ada")
    talk.now += timedelta(minutes=3)
    answer = await talk.say("ring her on two")
    assert (answer.text, answer.asks, answer.effects) == (phrases.FORGOTTEN, True, ())
    assert (await talk.understand("ring her on two")).source == "expired"
    assert (await talk.say("ring Grace")).text == "Grace on any."


async def test_what_never_fitted_is_not_called_forgotten(talk: Talk) -> None:
    await talk.say("ring Ada")
    talk.now += timedelta(minutes=3)
    assert (await talk.say("sing me a song")).text == phrases.NOT_UNDERSTOOD


async def test_long_after_a_conversation_nobody_is_reminded_of_it(talk: Talk) -> None:
    await talk.say("ring Ada")
    talk.now += timedelta(hours=2)
    assert (await talk.say("ring her on two")).text == phrases.NOT_UNDERSTOOD


async def test_before_any_turn_nothing_was_forgotten(talk: Talk) -> None:
    assert (await talk.say("the same again")).text == phrases.NOT_UNDERSTOOD


async def test_threads_survive_storage(talk: Talk) -> None:
    await talk.say("a latte")
    await talk.say("ring Ada on one")
    stored = talk.dialogue.conversation
    assert [thread.skill for thread in stored.threads] == ["probe", "coffee"]
    assert conversation_from_dict(stored.to_dict()) == stored
    broken = {**stored.to_dict(), "threads": [{"skill": "probe"}]}
    with pytest.raises(RecordError, match="cannot be read"):
        conversation_from_dict(broken)


def test_a_slot_that_was_never_named_is_left_out() -> None:
    assert resolved_slots(None, {"a": "{previous}", "b": 1}) == {"b": 1}
    assert Conversation().thread("probe") is None
