"""What answers beyond the skills, from the configuration: the link, its cache, its queue, the masks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from nearfield_edge.composition.knowledge import Knowledge
from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.errors import RecordError
from nearfield_edge.escalation.assembling import cloud_link
from nearfield_edge.escalation.beyond_skills import BeyondSkills
from nearfield_edge.escalation.context import RecentExchanges
from nearfield_edge.escalation.later import AskingLater, TellingLater
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.masking import Masking
from nearfield_edge.escalation.question_loop import QuestionLoop
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.skills.runtime import SkillRuntime
from nearfield_edge.turn.content import Answer
from nearfield_sync.redaction.redactor import NamesKnown, Redactor
from nearfield_sync.telemetry import Log

_PEOPLE: Final = frozenset({"person", "people", "employee", "colleague", "host", "guest", "contact", "name"})
"""Lists of skills that hold names of persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """The device's way to the cloud."""

    link: CloudLink
    beyond: BeyondSkills
    recent: RecentExchanges
    queue: QuestionQueue
    questions: QuestionLoop
    telling: TellingLater

    async def run(self) -> None:
        """Keep the link warm, ask what waits and tell what was answered, until cancelled."""
        try:
            await asyncio.to_thread(self.queue.recover)
        except RecordError as error:  # the link is worth having without it
            log: Log = structlog.get_logger()
            log.error("questions_not_recovered", code=error.code, exc_info=error)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run())
            group.create_task(self.questions.run())
            group.create_task(self.telling.run())


def open_cloud(
    place: Surroundings,
    knowledge: Knowledge,
    *,
    is_quiet: Callable[[], bool],
    tell: Callable[[Answer], None],
    trace_parent: Callable[[str], str | None] = lambda _: None,
) -> Cloud | None:
    """Join what the cloud is asked with; None where the site or its policy has no cloud.

    Args:
        place: What every part shares.
        knowledge: Skills, policy and files.
        is_quiet: Whether the device has time for questions that waited, and for their answers.
        tell: Lets it say an answer that nobody waits for.
        trace_parent: Gives a turn's span, by its id, as the cloud is told of it.

    Raises:
        ConfigurationError: A server or a file of the configuration cannot be read.
    """
    answers, questions, policy = knowledge.answers, knowledge.questions, knowledge.policy.cloud
    if answers is None or questions is None or not policy.enabled or policy.may_leave == "nothing":
        return None
    if not _may_be_reached(place):
        return None
    link = cloud_link(
        place.configuration, clock=place.clock, counters=place.counters, egress=place.egress.check
    )
    if link is None:
        return None
    known = names_known(knowledge.skills)
    redactor = Redactor()
    recent = RecentExchanges(place.clock, place.configuration.skills.expire_seconds)
    masking = Masking(
        lambda text, masks: redactor.redact(text, known, masks),
        recent,
        clock=place.clock,
        counters=place.counters,
        language=place.configuration.cloud.language,
        trace_parent=trace_parent,
    )
    beyond = BeyondSkills(
        escalation=link,
        kept=answers,
        later=AskingLater(questions, policy.later),
        masking=masking,
        policy=policy,
        clock=place.clock,
        counters=place.counters,
    )
    telling = TellingLater(questions, now=place.clock.utc_now, is_quiet=is_quiet, tell=tell)
    return Cloud(
        link=link,
        beyond=beyond,
        recent=recent,
        queue=questions,
        questions=QuestionLoop(questions, link, may_ask=is_quiet, on_settled=telling.wake),
        telling=telling,
    )


def _may_be_reached(place: Surroundings) -> bool:
    parts = urlsplit(place.configuration.cloud.url or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.hostname is not None and place.egress.admits(parts.hostname, port)


def names_known(skills: SkillRuntime) -> NamesKnown:
    """What the skills' lists say about names: who is a person, and what surely is none."""
    people: list[str] = []
    things: list[str] = []
    for name, lists in skills.lists().items():
        for slot, values in lists.items():
            (people if slot in _PEOPLE else things).extend(_texts(values))
        things.extend(_written(skills.skills[name].sentences))
    return NamesKnown(persons=tuple(people), others=tuple(things))


def _written(sentences: Mapping[str, Any]) -> Iterator[str]:
    for slot, listed in (sentences.get("lists") or {}).items():
        if slot not in _PEOPLE and isinstance(listed, Mapping):
            yield from _texts(listed.get("values") or ())


def _texts(values: Sequence[object]) -> Iterator[str]:
    """The words of a list's entries; those with alternatives in them say no single name."""
    for value in values:
        text = value.get("in") if isinstance(value, Mapping) else value
        if isinstance(text, str) and not set(text) & set("()[]|<>{}"):
            yield text
