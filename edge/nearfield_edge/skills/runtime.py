"""Answering an understood turn by its skill, and calling the skill's other functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from nearfield_edge.errors import SkillError, SkillFailedError
from nearfield_edge.skills.api import (
    Effect,
    EffectCall,
    FunctionEffect,
    ListCall,
    PastRequest,
    Question,
    SkillCall,
    SkillReply,
)
from nearfield_edge.skills.conversation import (
    DEFAULT_LIFETIME_SECONDS,
    Conversation,
    OpenQuestion,
    after_turn,
    current,
    just_over,
    merged_slots,
    resolved_slots,
)
from nearfield_edge.skills.effects import check_effect
from nearfield_edge.skills.loading import Skill
from nearfield_edge.skills.manifest import IntentDeclaration
from nearfield_edge.skills.worker import FunctionWorker
from nearfield_sync.messages.turn_record import Json
from nearfield_sync.validation import nearest

ANSWER_SECONDS: Final = 2.0
EFFECT_SECONDS: Final = 30.0
LIST_SECONDS: Final = 5.0

ListValue = str | dict[str, Json]
"""A text, or ``{"in": what is said, "out": what the slot holds}``."""


class Understood(Protocol):
    """What the understanding hands over; ``turn.content.Understanding`` is one."""

    @property
    def skill(self) -> str | None:
        """The skill that is meant."""
        ...

    @property
    def intent(self) -> str | None:
        """What is wanted of it."""
        ...

    @property
    def slots(self) -> Mapping[str, Json]:
        """Values by slot name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillAnswer:
    """What a skill makes of a turn."""

    text: str
    """To be spoken."""
    reply: str
    """The template it came from."""
    skill: str
    slots: Mapping[str, Json]
    """Those of this turn, merged with what an earlier turn of the same request gave."""
    question: Question | None = None
    effects: tuple[Effect, ...] = ()
    """Checked against the skill's permissions; to be staged before the text is spoken."""
    conversation: Conversation = field(default_factory=Conversation)
    """To be kept once the turn is settled; a reopened turn starts from the earlier one."""
    refusals: tuple[str, ...] = ()
    """What the function was refused and coped with: ``read /etc/shadow``."""


class SkillRuntime:
    """All skills of the device. Its calls block up to a deadline: keep them off the event loop."""

    def __init__(
        self,
        skills: Sequence[Skill],
        worker: FunctionWorker,
        *,
        lifetime_seconds: float = DEFAULT_LIFETIME_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        effect_seconds: float = EFFECT_SECONDS,
    ) -> None:
        self.skills: Mapping[str, Skill] = {skill.id: skill for skill in skills}
        self._worker = worker
        self._lifetime_seconds = lifetime_seconds
        self._answer_seconds = answer_seconds
        self._effect_seconds = effect_seconds

    def versions(self) -> dict[str, str]:
        """For the turn record: ``{"skill:coffee": "1.0.0"}``."""
        return {f"skill:{name}": skill.manifest.version for name, skill in self.skills.items()}

    def alive(self, conversation: Conversation, now: datetime) -> Conversation:
        """The conversation, or an empty one if it has expired."""
        return current(conversation, now, self._lifetime_seconds)

    def contexts(self, conversation: Conversation, now: datetime) -> tuple[dict[str, str], ...]:
        """What the grammar needs to know of the conversation, if it is still alive.

        One context a skill that was spoken with, the latest first: words that mean nothing in the first may
        belong to the next. Before them that of the device's own question, while one is open. Always one at
        least, empty where there is no conversation.
        """
        return self.alive(conversation, now).contexts() or ({},)

    def past_contexts(self, conversation: Conversation, now: datetime) -> tuple[dict[str, str], ...]:
        """What the grammar would have known a while ago, if the conversation has just expired."""
        over = just_over(conversation, now, self._lifetime_seconds)
        return conversation.contexts() if over else ()

    def resolved(self, understood: Understood, conversation: Conversation, now: datetime) -> dict[str, Json]:
        """The slots of a turn, with what ``{previous}`` stands for in the conversation, if it is alive."""
        alive = current(conversation, now, self._lifetime_seconds)
        return resolved_slots(alive.thread(str(understood.skill)), understood.slots)

    def lists(self) -> dict[str, dict[str, list[ListValue]]]:
        """The lists that are filled at run time, by skill and list, as Home Assistant's ``values``.

        Raises:
            SkillError: A list's function failed or gave something else than a list.
        """
        return {
            name: {
                slot: self._list_values(skill, slot, source.function, source.setting)
                for slot, source in skill.manifest.lists.items()
            }
            for name, skill in self.skills.items()
            if skill.manifest.lists
        }

    def answer(
        self, understood: Understood, conversation: Conversation, *, now: datetime, key: str
    ) -> SkillAnswer:
        """Let the skill answer; nothing is carried out.

        Args:
            understood: Skill, intent and the slots of this turn.
            conversation: After the last settled turn.
            now: Aware, in the site's time zone.
            key: The turn's id; chooses among a reply's variants.

        Raises:
            SkillFailedError: The function failed, took too long, or its answer cannot be used.
            PermissionRefusedError: The function or an effect did what is not declared.
            EgressRefusedError: The function needs a connection that the site forbids.
        """
        skill, intent = self._find(understood)
        alive = current(conversation, now, self._lifetime_seconds)
        call = self._turn(skill, understood, alive, now)
        reply, refusals = self._reply(skill, intent, call)
        self._check(skill, reply)
        values = {**_values(skill, call.slots, now), **reply.values}
        return SkillAnswer(
            text=skill.replies.render(reply.reply, values, key=key),
            reply=reply.reply,
            skill=skill.id,
            slots=call.slots,
            question=reply.question,
            effects=reply.effects,
            conversation=after_turn(
                alive,
                skill=skill.id,
                request=PastRequest(intent=call.intent, slots=call.slots),
                question=_open_question(skill, call, reply.question),
                memory=reply.memory,
                now=now,
            ),
            refusals=refusals,
        )

    def _turn(self, skill: Skill, understood: Understood, alive: Conversation, now: datetime) -> SkillCall:
        intent = str(understood.intent)
        thread = alive.thread(skill.id)
        said = resolved_slots(thread, understood.slots)
        return SkillCall(
            intent=intent,
            slots=merged_slots(thread.question if thread is not None else None, skill.id, intent, said),
            previous=thread.request if thread is not None else None,
            memory=alive.memory.get(skill.id, {}),
            settings=skill.settings,
            now=now,
            data_folder=str(skill.data_folder),
        )

    def apply(self, skill_id: str, effect: FunctionEffect, *, key: str, now: datetime) -> None:
        """Carry out a settled function effect.

        Raises:
            EffectRejectedError: The function says that it can never succeed.
            SkillFailedError: It failed or took too long; it may succeed later.
            PermissionRefusedError: It did what is not declared.
            EgressRefusedError: It needs a connection that the site forbids.
        """
        skill = self.skills.get(skill_id)
        if skill is None or effect.function not in skill.manifest.effect_functions:
            raise SkillFailedError(f"skill {skill_id} has no effect function '{effect.function}'")
        call = EffectCall(
            arguments=effect.arguments,
            key=key,
            settings=skill.settings,
            now=now,
            data_folder=str(skill.data_folder),
        )
        self._call(skill, effect.function, call, self._effect_seconds)

    def _find(self, understood: Understood) -> tuple[Skill, IntentDeclaration]:
        skill = self.skills.get(str(understood.skill))
        if skill is None:
            raise SkillFailedError(
                f"no skill '{understood.skill}'{nearest(str(understood.skill), list(self.skills))}"
            )
        intent = skill.manifest.intents.get(str(understood.intent))
        if intent is None:
            raise SkillFailedError(f"skill {skill.id} has no intent '{understood.intent}'")
        return skill, intent

    def _reply(
        self, skill: Skill, intent: IntentDeclaration, call: SkillCall
    ) -> tuple[SkillReply, tuple[str, ...]]:
        missing = next((slot for slot in intent.required if slot not in call.slots), None)
        if missing is not None:
            return SkillReply(
                reply=intent.required[missing], question=Question(intent=call.intent, slot=missing)
            ), ()
        if intent.function is not None:
            return self._ask(skill, intent.function, call)
        values = _values(skill, call.slots, call.now)
        effects = tuple(effect.fill(values) for effect in skill.effects[call.intent])
        return SkillReply(reply=str(intent.reply), effects=effects), ()

    def _ask(self, skill: Skill, function: str, call: SkillCall) -> tuple[SkillReply, tuple[str, ...]]:
        reply, refusals = self._call(skill, function, call, self._answer_seconds)
        if not isinstance(reply, SkillReply):
            raise SkillFailedError(
                f"{skill.id}: {function} must return a SkillReply, not {type(reply).__name__}"
            )
        return reply, refusals

    def _call(self, skill: Skill, function: str, call: Any, seconds: float) -> tuple[Any, tuple[str, ...]]:
        if skill.permissions.write:
            try:
                skill.data_folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SkillFailedError(f"{skill.data_folder} cannot be made: {error.strerror}") from error
        target: Callable[[Any], Any] = skill.functions[function]
        return self._worker.call(
            lambda: target(call), skill.permissions, name=f"{skill.id}/{function}", deadline_seconds=seconds
        )

    def _check(self, skill: Skill, reply: SkillReply) -> None:
        for effect in reply.effects:
            check_effect(effect, skill.permissions, skill.manifest)
        asked = reply.question
        if asked is not None and asked.intent not in skill.manifest.intents:
            raise SkillFailedError(f"skill {skill.id} asks for '{asked.intent}', which it does not declare")

    def _list_values(
        self, skill: Skill, slot: str, function: str | None, setting: str | None
    ) -> list[ListValue]:
        values: Any = skill.settings.get(setting) if setting is not None else None
        if function is not None:
            call = ListCall(settings=skill.settings, data_folder=str(skill.data_folder))
            try:
                values, _ = self._call(skill, function, call, LIST_SECONDS)
            except SkillFailedError as error:
                raise SkillError(f"skill {skill.id}: list '{slot}': {error}") from error
        if not isinstance(values, list) or not all(isinstance(value, str | dict) for value in values):
            raise SkillError(f"skill {skill.id}: list '{slot}' must be a list of texts or in/out tables")
        return values


def _open_question(skill: Skill, call: SkillCall, asked: Question | None) -> OpenQuestion | None:
    if asked is None:
        return None
    given = asked.slots
    if given is None:  # what was given belongs to the request; a question about another one starts afresh
        given = call.slots if asked.intent == call.intent else {}
    return OpenQuestion(skill=skill.id, intent=asked.intent, slot=asked.slot, slots=given)


def _values(skill: Skill, slots: Mapping[str, Json], now: datetime) -> dict[str, Any]:
    return {"slots": slots, "settings": skill.settings, "now": now}
