"""``python -m tools.bench NAME [--json FILE]`` runs one benchmark, ``all --out DIR`` every one."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from rich.console import Console

from tools.bench.report import Report, write_json

BENCHMARKS = {
    "asr": ("tools.bench.asr", "final transcripts against faster-whisper tiny.en int8"),
    "orders": ("tools.bench.orders", "real coffee orders: acceptance, latency, RTF"),
    "wake": ("tools.bench.wake", "wake words: misses, false alarms, processor"),
    "wake-engines": ("tools.bench.wake_engines", "wake-word networks on their runtimes, score by score"),
    "turns": ("tools.bench.turns", "the end of a turn: how soon, and what is lost by it"),
    "conversation": (
        "tools.bench.conversation",
        "whole turns in real time: end of speech to the first audible sample of the reply",
    ),
    "growing": ("tools.bench.growing", "orders searched while they are said, against once in the end"),
    "conversations": ("tools.bench.conversations", "scripted exchanges of several turns"),
    "grammar": ("tools.bench.grammar", "compiling and changing what can be said"),
    "ablations": ("tools.bench.ablations", "what each part of the search in the grammar brings"),
    "intents": ("tools.bench.intents", "paraphrases: intents of CLINC150 and what is out of scope"),
    "paraphrases": ("tools.bench.paraphrases", "other talk that shipped skills' paraphrases would take"),
    "retrieval": ("tools.bench.retrieval", "the right passage of ingested documents for a question"),
    "answers": ("tools.bench.answers", "answers out of passages, and questions that have none"),
    "phonetic": ("tools.bench.phonetic", "orders understood by sound from text alone"),
    "speech": (
        "tools.bench.speech",
        "from text to the first audible sample, from the voice and from the disk",
    ),
    "duplex": (
        "tools.bench.duplex",
        "speaking and listening at once: echo, self-triggers, interruptions, orders",
    ),
    "escalation": (
        "tools.bench.escalation",
        "questions to the cloud: end of speech to the first sound; a cloud that is killed",
    ),
    "calls": ("tools.bench.calls", "voice calls that a worker of the cloud holds while some talk"),
    "soak": ("tools.bench.soak", "hours of a device's life: memory, descriptors, tasks, threads, lost turns"),
    "idle": ("tools.bench.idle", "listening for the wake word: processor and memory"),
    "redaction": ("tools.bench.redaction", "personal data in spoken sentences: precision, recall, time"),
    "startup": ("tools.bench.startup", "from process start to answer"),
}


class Benchmark(Protocol):
    """What a module in the table offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the benchmark's own options; each must have a default."""
        ...

    def run(self, arguments: argparse.Namespace) -> Report:
        """Measure."""
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 0 unless one could not be run at all, or found something broken."""
    command = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    every = names.add_parser("all", help="every benchmark, one after another")
    every.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets NAME.json of each")
    chosen = next((word for word in command if word in BENCHMARKS), None)
    for name, (_, purpose) in BENCHMARKS.items():
        single = names.add_parser(name, help=purpose)
        single.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
        if name == chosen:  # the others need not be importable to run this one
            _module(name).add_arguments(single)
    parsed = parser.parse_args(command)
    if parsed.name == "all":
        return _run_all(parsed.out)
    return 1 if _run(parsed.name, parsed, command, parsed.json).broken else 0


def _run_all(folder: Path) -> int:
    failed = []
    for name in BENCHMARKS:
        try:
            module = _module(name)
            parser = argparse.ArgumentParser()
            module.add_arguments(parser)
            if _run(name, parser.parse_args([]), [name], folder / f"{name}.json").broken:
                failed.append(name)
        except Exception as error:  # one benchmark's failure must not hide the figures of the others
            failed.append(name)
            print(f"{name} FAILED: {type(error).__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, parsed: argparse.Namespace, command: Sequence[str], file: Path | None) -> Report:
    report = _module(name).run(parsed)
    report.print_to(Console())
    if file is not None:
        write_json(report.document(["python", "-m", "tools.bench", *command]), file)
    return report


def _module(name: str) -> Benchmark:
    return cast("Benchmark", importlib.import_module(BENCHMARKS[name][0]))


if __name__ == "__main__":
    sys.exit(main())
