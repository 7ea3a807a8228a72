"""A talk with a skill that acts on every order at once; how surely a sentence is heard, the test says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from nearfield_edge.dialogue import Dialogue
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.routing.policy import read_policy
from nearfield_edge.routing.router import Reach
from nearfield_edge.skills.api import FunctionEffect
from nearfield_edge.skills.delivery import EffectDelivery
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.understanding.interpreter import Interpreter
from nearfield_models.decoding.readings import Reading
from nearfield_models.grammar import SentenceSource, compile_grammar, match_text
from nearfield_sync.messages.turn_record import RouteDecision, Understanding
from nearfield_sync.telemetry import Counters
from tests.edge.skill_folders import FRIDAY, load_probe, runtime_of
from tests.fakes.evidence import PLAINLY_HEARD

MANIFEST = """
effect_functions = ["probe:record"]
[intents.order]
function = "probe:order"
[intents.send]
function = "probe:send"
[intents.note]
function = "probe:order"
"""

SENTENCES = """
language: en
intents:
  order:
    data:
      - sentences: ["[I want] [a|an] [{size}] {drink} [with {extra}]"]
      - sentences: ["[make it] {size}"]
        requires_context: {active_skill: probe}
      - sentences: ["the same in {size}"]
        slots: {drink: "{previous}"}
        requires_context: {active_skill: probe}
  send:
    data:
      - sentences: ["yes", "send it"]
        requires_context: {active_skill: probe}
  note:
    data:
      - sentences: ["note {anything}"]
lists:
  size: {values: [small, {in: "(medium|regular)", out: medium}, large, twelve ounce]}
  drink: {values: [latte, mocha, espresso]}
  extra: {values: [milk, soy milk]}
  anything: {wildcard: true}
"""

PYTHON = """
from nearfield_edge.skills.api import FunctionEffect, SkillReply
def order(call):
    effect = FunctionEffect(function="probe:record", arguments=dict(call.slots))
    return SkillReply(reply="done", effects=(effect,))
def send(call):
    effect = FunctionEffect(function="probe:record", arguments={"sent": True})
    return SkillReply(reply="done", effects=(effect,))
def record(call):
    pass
"""


Heard = tuple[str, float]
"""A sentence and the probability of its reading."""


class DoubtfulTalk:
    """One conversation; each line is a turn five seconds after the last one."""

    def __init__(
        self,
        data: Path,
        guard: PermissionGuard,
        *,
        reach: Reach | None = None,
        interpreter: Interpreter | None = None,
    ) -> None:
        self._data = data
        self._interpreter = interpreter
        self.reach = reach or Reach()
        skill = load_probe(data, guard, manifest=MANIFEST, sentences=SENTENCES, python=PYTHON)
        self._skills = runtime_of([skill], guard)
        self._grammar = compile_grammar([SentenceSource(skill="probe", templates=skill.sentences)])
        delivery = EffectDelivery(self._skills, HttpDelivery(lambda host, port: None), None)
        self.outbox = Outbox(EffectStore(data / "effects.sqlite"), delivery, Counters())
        self.now = FRIDAY
        self.turns = 0
        self.understanding = Understanding(intent=None, skill=None)
        self.decision = RouteDecision(route="", reason="", confidence=0.0, policy_version="")
        self.restart()

    def restart(self) -> None:
        """As after a power cut."""
        self.dialogue = Dialogue(
            grammar=self._grammar,
            skills=self._skills,
            outbox=self.outbox,
            policy=read_policy(None),
            reach=lambda: self.reach,
            now=lambda: self.now,
            memory=ConversationFile(self._data / "conversation.json"),
            on_commit=lambda: None,
            interpreter=self._interpreter,
        )

    async def hear(self, *heard: Heard, behind: float = 1.0, settle: bool = True) -> Answer:
        """Hear what may have been said, the best first, each ``behind`` nats behind the one before."""
        return await self._turn(self._transcript(heard, behind), settle=settle)

    async def read(self, text: str) -> Answer:
        """Take a typed line."""
        return await self._turn(Transcript(text=text), settle=True)

    async def _turn(self, transcript: Transcript, *, settle: bool) -> Answer:
        self.now += timedelta(seconds=5)
        self.turns += 1
        turn = f"t{self.turns}"
        self.understanding = await self.dialogue.understand(transcript)
        self.decision = self.dialogue.choose_route(self.understanding)
        answer = await self.dialogue.answer(turn, 0, self.understanding, self.decision)
        if settle:
            await self.dialogue.commit(turn)
        else:
            await self.dialogue.drop(turn, 0)
        return answer

    def _transcript(self, heard: Sequence[Heard], behind: float) -> Transcript:
        expected = self.dialogue.expected()
        readings = []
        for number, (text, confidence) in enumerate(heard):
            for context, known in enumerate(expected.contexts):
                matches = match_text(expected.grammar, text, context=known, limit=1)
                if matches:
                    reading = Reading(
                        text=text,
                        match=matches[0],
                        context=context,
                        rank=-behind * number,
                        evidence=PLAINLY_HEARD,
                        confidence=confidence,
                    )
                    readings.append(reading)
                    break
        return Transcript(text="something else was written", readings=tuple(readings))

    def ordered(self) -> list[dict[str, object]]:
        """What shall happen, in order."""
        effects = [entry.effect for entry in self.outbox.effects.unsettled()]
        return [dict(effect.arguments) for effect in effects if isinstance(effect, FunctionEffect)]
