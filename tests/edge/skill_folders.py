"""Skills written by a test into a folder, and a person who talks to skills by their real sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nearfield_edge.skills.conversation import Conversation
from nearfield_edge.skills.loading import Skill, load_skill, load_skills, shipped_skills_folder
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.skills.runtime import SkillAnswer, SkillRuntime
from nearfield_edge.skills.worker import FunctionWorker
from nearfield_models.grammar import SentenceSource, compile_grammar, match_text
from nearfield_sync.messages.turn_record import Understanding
from nearfield_sync.telemetry import Counters

FRIDAY = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)

MANIFEST = """
id = "probe"
version = "1.2.3"
title = "Probe"
"""

SENTENCES = """
language: en
intents:
  try:
    data:
      - sentences: ["try [it] [{size}]"]
      - sentences: ["{size}"]
        requires_context: {open_slot: size}
lists:
  size: {values: [small, large]}
"""


def write_skill(
    folder: Path,
    *,
    manifest: str,
    sentences: str = SENTENCES,
    replies: str = "done: Done.\nask_size: Which size?",
    examples: str = "",
    python: str = "",
) -> Path:
    """Write a skill called ``probe``; ``manifest`` follows id, version and title."""
    skill = folder / "probe"
    skill.mkdir(parents=True)
    (skill / "skill.toml").write_text(MANIFEST + manifest)
    (skill / "sentences.yaml").write_text(sentences)
    (skill / "replies.yaml").write_text(replies)
    if examples:
        (skill / "examples.yaml").write_text(examples)
    if python:
        (skill / "probe.py").write_text(python)
    return skill


def load_probe(
    tmp_path: Path, guard: PermissionGuard, *, settings: Mapping[str, Any] | None = None, **written: str
) -> Skill:
    """Write and load it."""
    folder = write_skill(tmp_path / "skills", **written)
    return load_skill(folder, settings=settings or {}, data_folder=tmp_path / "data", guard=guard)


def runtime_of(
    skills: Sequence[Skill], guard: PermissionGuard, counters: Counters | None = None, *, seconds: float = 2.0
) -> SkillRuntime:
    """A runtime with the same deadline for answers and effects."""
    worker = FunctionWorker(guard, counters or Counters())
    return SkillRuntime(skills, worker, answer_seconds=seconds, effect_seconds=seconds)


def understood(intent: str = "try", **slots: Any) -> Understanding:
    """What the grammar gives for the probe."""
    return Understanding(skill="probe", intent=intent, slots=slots)


class Visitor:
    """Somebody in front of the device: each line is a settled turn five seconds after the last one."""

    def __init__(
        self,
        skill: str,
        data_folder: Path,
        guard: PermissionGuard,
        *,
        settings: Mapping[str, Any] | None = None,
        now: datetime = FRIDAY,
    ) -> None:
        skills = load_skills(
            [shipped_skills_folder()],
            enabled=[skill],
            settings={skill: settings or {}},
            data_folder=data_folder,
            guard=guard,
        )
        self.runtime = runtime_of(skills, guard)
        sources = [SentenceSource(skill=loaded.id, templates=loaded.sentences) for loaded in skills]
        self._grammar = compile_grammar(sources, self.runtime.lists())
        self._conversation = Conversation()
        self._turns = 0
        self.now = now

    def says(self, words: str) -> SkillAnswer:
        """Give the device's answer."""
        self.now += timedelta(seconds=5)
        self._turns += 1
        contexts = self.runtime.contexts(self._conversation, self.now)
        found = [match_text(self._grammar, words, context=context) for context in contexts]
        best = next((matches[0] for matches in found if matches), None)
        assert best is not None, f"nobody understands {words!r} in {contexts}"
        meant = SimpleNamespace(
            skill=best.skill,
            intent=best.intent,
            slots={name: slot.value for name, slot in best.slots.items()},
        )
        answer = self.runtime.answer(meant, self._conversation, now=self.now, key=f"turn-{self._turns}")
        self._conversation = answer.conversation
        return answer

    def waits(self, seconds: float) -> None:
        """Say nothing for a while."""
        self.now += timedelta(seconds=seconds)
