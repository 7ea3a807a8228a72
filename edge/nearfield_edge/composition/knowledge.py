"""What the device knows and keeps, which can be had while its models load: skills, grammar, policy, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nearfield_edge.composition.stores import open_cloud_files, open_outbox, open_recordings, open_turns
from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.escalation.answers import AnswerCache
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.recordings import Recordings
from nearfield_edge.records.turns import TurnStore
from nearfield_edge.routing.policy import RoutingPolicy, read_policy
from nearfield_edge.skills.loading import load_skills, shipped_skills_folder
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.skills.runtime import SkillRuntime
from nearfield_edge.skills.worker import FunctionWorker
from nearfield_models.grammar.compiler import SentenceSource, compile_grammar
from nearfield_models.grammar.grammar import Grammar, ListValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the device knows and keeps, without its models: it can be made while they load."""

    skills: SkillRuntime
    grammar: Grammar
    policy: RoutingPolicy
    recordings: Recordings
    turns: TurnStore
    outbox: Outbox
    answers: AnswerCache | None
    """The cloud's, kept; None where there is no cloud and never was."""
    questions: QuestionQueue | None
    """For the cloud, that wait."""

    def close(self) -> None:
        """Close the files."""
        for file in (self.turns, self.outbox, self.answers, self.questions):
            if file is not None:
                file.close()


def gather_knowledge(place: Surroundings) -> Knowledge:
    """Load skills, compile what can be said, open the device's files.

    Raises:
        SkillError: A skill's folder is wrong.
        GrammarError: A skill's sentences are wrong.
        RecordError: The device's files cannot be opened.
        ConfigurationError: The routing policy or the broker's credentials cannot be read.
    """
    policy = read_policy(place.configuration.policy.file)
    skills = load_skill_runtime(place)
    grammar = grammar_of(skills)
    recordings = open_recordings(place)
    answers, questions = open_cloud_files(place) or (None, None)
    belongings = [recordings, *(file for file in (answers, questions) if file is not None)]
    return Knowledge(
        skills=skills,
        grammar=grammar,
        policy=policy,
        recordings=recordings,
        turns=open_turns(place, *belongings),
        outbox=open_outbox(place, skills),
        answers=answers,
        questions=questions,
    )


def load_skill_runtime(place: Surroundings) -> SkillRuntime:
    """Load the enabled skills.

    Raises:
        SkillError: A skill's folder is wrong.
    """
    guard = PermissionGuard()
    configured = place.configuration.skills
    skills = load_skills(
        [shipped_skills_folder(), *configured.folders],
        enabled=configured.enabled,
        settings=configured.settings,
        data_folder=place.configuration.device.data / "skills",
        guard=guard,
    )
    worker = FunctionWorker(guard, place.counters)
    return SkillRuntime(skills, worker, lifetime_seconds=configured.expire_seconds)


def grammar_of(skills: SkillRuntime) -> Grammar:
    """Compile all that can be said to the skills.

    Raises:
        GrammarError: A sentence is wrong.
        SkillError: A list that is filled at run time cannot be had.
    """
    sources = [SentenceSource(skill=skill.id, templates=skill.sentences) for skill in skills.skills.values()]
    lists: Mapping[str, Mapping[str, Sequence[ListValue]]] = skills.lists()
    return compile_grammar(sources, lists)
