"""A process in which the rooms skill is asked for the first time: its libraries are imported under the guard.

``python tests/edge/fresh_skill.py SETTINGS DATA`` (settings as JSON) prints what was answered, or the error's
type and message, and what was refused on the way.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from nearfield_edge.errors import EdgeError
from nearfield_edge.skills.conversation import Conversation
from nearfield_edge.skills.loading import load_skill, shipped_skills_folder
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.skills.runtime import SkillRuntime
from nearfield_edge.skills.worker import FunctionWorker
from nearfield_sync.messages.turn_record import Understanding
from nearfield_sync.telemetry import Counters


def main() -> None:
    settings, data = sys.argv[1:]
    guard, counters = PermissionGuard(), Counters()
    skill = load_skill(
        shipped_skills_folder() / "rooms", settings=json.loads(settings), data_folder=Path(data), guard=guard
    )
    runtime = SkillRuntime([skill], FunctionWorker(guard, counters), answer_seconds=20)
    asked = Understanding(skill="rooms", intent="whoHasRoom", slots={}, confidence=1.0, source="grammar")
    refused: tuple[str, ...] = ()
    try:
        answer = runtime.answer(asked, Conversation(), now=datetime.now(UTC), key="turn")
        told, refused = answer.text, answer.refusals
    except EdgeError as error:
        told = f"{type(error).__name__}: {error}"
    count = counters.value("nearfield_skill_refusals_total", skill="rooms")
    json.dump({"told": told, "refused": refused, "refusals": count}, sys.stdout)


if __name__ == "__main__":
    main()
