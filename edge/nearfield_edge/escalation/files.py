"""From the configuration to the files of kept answers and waiting questions."""

from __future__ import annotations

from pathlib import Path

from nearfield_edge.configuration import Configuration
from nearfield_edge.escalation.answers import AnswerCache
from nearfield_edge.escalation.kept_answer import CacheLimits, CacheScope
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.queued_question import QueueLimits
from nearfield_edge.records.keys import FileKeyStore
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters


def answers_file(configuration: Configuration) -> Path:
    """Where the cloud's answers are kept."""
    return configuration.device.data / "answers.sqlite"


def open_answers(configuration: Configuration, *, clock: Clock, counters: Counters) -> AnswerCache:
    """The cache of the cloud's answers.

    Raises:
        RecordError: It cannot be opened.
    """
    cloud, device = configuration.cloud, configuration.device
    return AnswerCache(
        answers_file(configuration),
        FileKeyStore(device.recordings_key),
        scope=CacheScope(tenant=cloud.tenant, audience=cloud.audience, language=cloud.language),
        limits=CacheLimits(
            most=cloud.keep_answers,
            most_bytes=cloud.keep_answers_megabytes * 1024 * 1024,
            longest_seconds=cloud.keep_answers_hours * 3_600,
        ),
        clock=clock,
        counters=counters,
    )


def open_questions(configuration: Configuration, *, clock: Clock, counters: Counters) -> QuestionQueue:
    """The queue of questions that wait for a link.

    Raises:
        RecordError: It cannot be opened.
    """
    cloud, device = configuration.cloud, configuration.device
    return QuestionQueue(
        device.data / "questions.sqlite",
        FileKeyStore(device.recordings_key),
        limits=QueueLimits(most=cloud.keep_questions, longest_seconds=cloud.keep_questions_hours * 3_600),
        clock=clock,
        counters=counters,
    )
