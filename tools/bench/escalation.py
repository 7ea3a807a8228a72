"""Questions that no skill answers: how soon the cloud's answer is heard, and what a killed cloud costs.

The real cloud serves on loopback in a process of its own with its embedded defaults; it has taken in the
articles of ``qa``. No recordings of such questions exist: the voice pack speaks them, a little slower and
without its random melody (`tools.demo.customer`), to a device as ``nearfield run`` builds it, in real time.

* ``questions``: from the end of speech in the clean sound to the first audible sample of the reply. Whatever
  the cloud said counts, also that it found nothing; what was answered from a passage is told apart.
* ``kills``: a device is asked by typing, and the cloud is killed at a random moment of the next 150 ms. The
  turn must end by itself within three seconds; then the cloud is started again, and the device must come
  back.

How many calls the cloud holds is measured by ``calls``, the right passage by ``retrieval``, right answers and
wrong ones by ``answers``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.configuration import Configuration
from nearfield_edge.engine_loading import load_engines
from nearfield_models.pcm import SAMPLE_RATE_HZ
from nearfield_models.tts.engine import TtsEngine
from nearfield_sync.telemetry import LogOptions, configure_logs
from tools.bench.conversation import spread
from tools.bench.customers import Served, SpokenOrder, Till
from tools.bench.escalation_kills import killed
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target
from tools.bench.speech_end import speech_end
from tools.demo.customer import customer_voice, spoken
from tools.local_cloud import LocalCloud

_BEGINNINGS: Final = ("what", "who", "when", "where", "which", "how", "why")
_LONGEST_WORDS: Final = 12
_BEFORE_SECONDS: Final = 0.5
_AFTER_SECONDS: Final = 4.0
_QUIET: Final = 1e-3

TARGETS: Final = (
    Target(name="first sound of a cloud answer, p50", figure="first_audible_ms.p50", at="most", value=700),
    Target(name="first sound of a cloud answer, p95", figure="first_audible_ms.p95", at="most", value=1_100),
    Target(
        name="turns ended within 3 s of the kill", figure="kills.ended_in_time_share", at="least", value=1
    ),
    Target(name="came back", figure="kills.came_back_share", at="least", value=1),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--questions", type=int, default=30, metavar="N", help="spoken (default: 30)")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="of the cloud (default: 100)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the choice and the moments")


def run(arguments: argparse.Namespace) -> Report:
    """Ask, and kill."""
    title = "questions to the cloud, and a cloud that is killed"
    source = arguments.data / "qa" / "squad2_part.json"
    if not source.is_file():
        reason = f"all of it: no questions in {arguments.data}, name their folder with --data"
        return Report(name="escalation", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    configure_logs(LogOptions(style="console", level="error"))
    document = json.loads(source.read_text("utf-8"))
    figures = asyncio.run(_measured(document, arguments))
    return Report(
        name="escalation",
        title=title,
        figures=figures,
        targets=TARGETS,
        packages=("numpy", "onnxruntime", "aiortc", "fastapi"),
    )


async def _measured(document: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as name:
        folder = Path(name)
        articles = _written(document, folder / "articles")
        figures: dict[str, Any] = {"seed": arguments.seed}
        if arguments.questions:
            async with LocalCloud(folder / "cloud", documents=[articles], device="bench") as cloud:
                served = await _asked(cloud, chosen(document, arguments.questions, arguments.seed), folder)
            figures |= scored(served)
        if arguments.kills:
            quiet = "[realtime.engines]\nenabled = false\n"  # nobody speaks to it: it starts the sooner
            async with LocalCloud(
                folder / "killed", documents=[articles], device="bench", configuration=quiet
            ) as cloud:
                questions = chosen(document, 20, arguments.seed)
                kills = await killed(
                    cloud, questions, folder / "killed-device", arguments.kills, arguments.seed
                )
            figures["kills"] = kills
        return figures


def chosen(document: dict[str, Any], count: int, seed: int) -> list[str]:
    """Answerable questions that are short enough to be spoken."""
    fit = [
        question["question"]
        for question in document["questions"]
        if question["answerable"]
        and question["question"].split()[0].lower() in _BEGINNINGS
        and len(question["question"].split()) <= _LONGEST_WORDS
        and question["question"].isascii()
    ]
    return random.Random(seed).sample(fit, min(count, len(fit)))  # noqa: S311 (a choice, no secret)


async def _asked(cloud: LocalCloud, questions: Sequence[str], folder: Path) -> list[Served]:
    engines = load_engines(Configuration(), hear=True, speak=True)
    voice = customer_voice(Configuration().engines.tts)
    till = Till(RealTimeClock())
    served = []
    async with till.at_work(engines, folder / "device", {"cloud": cloud.section()}):
        for question in questions:
            said = _spoken(voice, question)
            if said is not None:
                served.append(await till.serve(said))
    return served


def _spoken(voice: TtsEngine, question: str) -> SpokenOrder | None:
    clean = spoken(voice, question)
    end = speech_end(clean)
    if end is None:
        return None
    before = int(_BEFORE_SECONDS * SAMPLE_RATE_HZ)
    size = before + end + int(_AFTER_SECONDS * SAMPLE_RATE_HZ)
    samples = np.random.default_rng(0).normal(0.0, _QUIET, size).astype(np.float32)
    samples[before : before + clean.size] += clean[: size - before]
    return SpokenOrder(name=question, samples=samples, speech_begin=before, speech_end=before + end)


def scored(served: Sequence[Served]) -> dict[str, Any]:
    """The figures of some questions; times from the end of speech."""
    asked = [each for each in served if each.record is not None and each.record.escalation is not None]
    answered = [each for each in asked if _outcome(each) == "answered"]
    marks = {"decision_ms": "endpoint", "understood_ms": "understood"}
    return {
        "questions": len(served),
        "asked": len(asked),
        "answered": len(answered),
        "first_audible_ms": _first_audible(asked),
        "answered_first_audible_ms": _first_audible(answered),
        **{name: spread(_marks(asked, mark)) for name, mark in marks.items()},
        "first_sentence_ms": spread(
            [
                each.record.escalation.first_sentence_ms
                for each in asked
                if each.record is not None
                and each.record.escalation is not None
                and each.record.escalation.first_sentence_ms is not None
            ]
        ),
        "by_question": [_told(each) for each in served],
    }


def _first_audible(served: Sequence[Served]) -> dict[str, float]:
    return spread([each.first_audible_ms for each in served if each.first_audible_ms is not None])


def _marks(served: Sequence[Served], mark: str) -> list[float]:
    found = []
    for each in served:
        at = None if each.record is None else getattr(each.record.timings_ms, mark)
        if at is not None and each.device_end_ms is not None:
            found.append(at + each.device_end_ms)
    return found


def _outcome(served: Served) -> str:
    record = served.record
    return "" if record is None or record.escalation is None else record.escalation.outcome


def _told(served: Served) -> dict[str, Any]:
    record = served.record
    return {
        "question": served.name,
        "first_audible_ms": served.first_audible_ms,
        "heard": "" if record is None else record.transcript,
        "route": "" if record is None or record.route is None else record.route.route,
        "outcome": _outcome(served),
        "reply": "" if record is None or record.reply is None else record.reply.text,
    }


def _written(document: dict[str, Any], folder: Path) -> Path:
    """The articles as Markdown, a passage a paragraph."""
    folder.mkdir(parents=True)
    texts: dict[str, list[str]] = {}
    for passage in document["passages"]:
        texts.setdefault(passage["title"], []).append(passage["text"])
    for title, passages in texts.items():
        file = folder / f"{title.replace(' ', '-').replace('/', '-')}.md"
        file.write_text(f"# {title}\n\n" + "\n\n".join(passages) + "\n", encoding="utf-8")
    return folder
