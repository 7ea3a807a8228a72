"""The grammar by itself: how long it takes to compile and to change, and how large it is.

A large site is made up: 500 templates and a directory of 5,000 people. Beside it the shipped skills, and Home
Assistant's English intents where the package ``home-assistant-intents`` is installed. Times are medians of
``--runs`` in one process that has compiled something before; ``cpu`` leaves out what other processes took.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path
from typing import Any

import yaml

import nearfield_edge
from nearfield_models.errors import GrammarError
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.intents import read_intents
from tools.bench.report import Report, Target

TEMPLATES = 500
PEOPLE = 5_000
CHANGED = 500
SHIPPED = Path(nearfield_edge.__file__).parent / "shipped_skills"

TARGETS = (
    Target(name="compile", figure="large.compile_seconds", at="most", value=2.0, unit="s"),
    Target(name="change a list", figure="large.change_list_ms", at="most", value=50.0, unit="ms"),
)

_FIRST = "an be ca da el fi ga ha is jo ka li ma no ol pe ro".split()  # noqa: SIM905
_MIDDLE = "la ri to mi sa ne vi".split()  # noqa: SIM905
_LAST = "berg dale field ford ham land ley man mark more son stone ton wood".split()  # noqa: SIM905
_THINGS = """
    light blind heating screen projector door window fan radio oven camera alarm meeting taxi parcel lunch
    report message note reminder desk locker visitor invoice badge
""".split()  # noqa: SIM905
_PATTERNS = (
    "(turn|switch) on [the] THING [in [the] {room}]",
    "(turn|switch) [the] THING on [in [the] {room}]",
    "(turn|switch) off [the] THING [in [the] {room}]",
    "[please] (set|put) [the] THING [in [the] {room}] to {level} [percent]",
    "(raise|increase|turn up) [the] THING [in [the] {room}] [by {level} [percent]]",
    "(what is|what's|tell me) [the] (state|status) of [the] THING [in [the] {room}]",
    "is [the] THING [in [the] {room}] (on|off|open|closed|ready)",
    "(book|reserve|order) [me] (a|the) THING [for {person}] [at {hour} [o'clock]]",
    "(book|reserve|order) [me] (a|the) THING [at {hour} [o'clock]] [for {person}]",
    "cancel (the|my) THING [of {person}] [at {hour} [o'clock]]",
    "(move|change) (the|my) THING [from {hour}] to {hour:new_hour} [o'clock]",
    "(tell|ask) {person} about (the|my) THING",
    "(send|give|bring) {person} (the|a|my) THING",
    "(send|give|bring) (the|a|my) THING to {person}",
    "who (has|took|booked) (the|my) THING [in [the] {room}]",
    "where is [the] THING [of {person}]",
    "(I'd like|I want|I need) (a|the) THING [in [the] {room}] [at {hour} [o'clock]]",
    "(lock|unlock|close) [the] THING [(in|for) {person}'s room]",
    "how (many|much) THING[s] (is|are) [there] [in [the] {room}]",
    "({level} [percent]|more|less) THING [in [the] {room}] [please]",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--runs", type=int, default=5, help="how often each is timed (default: 5)")
    parser.add_argument(
        "--every-language", action="store_true", help="compile all that Home Assistant publishes (a minute)"
    )


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    skipped: list[str] = []
    runs = arguments.runs
    large = compile_grammar([_large()])  # warms up what is read once a process
    said = f"could you tell {next(_names())} about my parcel"
    others = list(islice(_names(), PEOPLE, PEOPLE + CHANGED))
    figures: dict[str, Any] = {
        "runs": runs,
        "large": {
            **_sizes(large),
            **_times("compile", 1, lambda: compile_grammar([_large()]), runs),
            **_times("change_list", 1_000, lambda: large.with_list("large", "person", others), 4 * runs),
            **_times("match", 1_000, lambda: match_text(large, said), 4 * runs),
        },
    }
    for skill in ("coffee", "rooms"):
        templates = yaml.safe_load((SHIPPED / skill / "sentences.yaml").read_text(encoding="utf-8"))
        figures[skill] = _measured([SentenceSource(skill=skill, templates=templates)], runs)
    package = find_spec("home_assistant_intents")
    if package is None or package.origin is None:
        skipped.append("Home Assistant's intents: the package home-assistant-intents is not installed")
    else:
        folder = Path(package.origin).parent / "data"
        source = read_intents(folder / "en.json", skill="home", language="en")
        figures["home_assistant_en"] = _measured([source], runs)
        if arguments.every_language:
            figures["home_assistant"] = _languages(folder)
    return Report(
        name="grammar",
        title="compiling and changing what can be said",
        figures=figures,
        targets=TARGETS,
        skipped=skipped,
        packages=("hassil", "unicode-rbnf", "home-assistant-intents"),
    )


def _measured(sources: Sequence[SentenceSource], runs: int) -> dict[str, Any]:
    grammar = compile_grammar(sources)
    return {**_sizes(grammar), **_times("compile", 1, lambda: compile_grammar(sources), runs)}


def _languages(folder: Path) -> dict[str, Any]:
    """How many languages compile, and which takes longest."""
    seconds: dict[str, float] = {}
    refused: list[str] = []
    for file in sorted(folder.glob("*.json")):
        began = time.process_time()
        try:
            compile_grammar([read_intents(file, skill="home", language=file.stem)])
        except GrammarError as error:
            refused.append(f"{file.stem}: {error}")
        seconds[file.stem] = round(time.process_time() - began, 3)
    slowest = max(seconds, key=lambda language: seconds[language])
    return {
        "languages": len(seconds),
        "languages_compiled": len(seconds) - len(refused),
        "refused": refused,
        "slowest": slowest,
        "slowest_cpu_seconds": seconds[slowest],
    }


def _sizes(grammar: Grammar) -> dict[str, int]:
    (skill,) = grammar.skills
    lists = [phrases.automaton for phrases in skill.lists if phrases.automaton is not None]
    return {
        "templates": len(skill.templates),
        "states_determinised": skill.determinised_states,
        "states": skill.automaton.state_count,
        "arcs": sum(map(len, skill.automaton.words)) + sum(map(len, skill.automaton.lists)),
        "list_states": sum(automaton.state_count for automaton in lists),
    }


def _large() -> SentenceSource:
    """The sentences of a made-up site; each thing has its intents, of one to three sentences."""
    intents: dict[str, Any] = {}
    for thing, (number, pattern) in islice(product(_THINGS, enumerate(_PATTERNS)), TEMPLATES):
        intent = intents.setdefault(f"{thing}_{number // 3}", {"data": [{"sentences": []}]})
        intent["data"][0]["sentences"].append(pattern.replace("THING", thing))
    return SentenceSource(skill="large", templates={"language": "en", "intents": intents, "lists": _lists()})


def _lists() -> Mapping[str, Any]:
    return {
        "person": {"values": list(islice(_names(), PEOPLE))},
        "room": {"values": [f"{colour} {kind}" for colour, kind in product(("red", "blue"), _THINGS)]},
        "level": {"range": {"from": 0, "to": 100}},
        "hour": {"range": {"from": 1, "to": 24}},
    }


def _names() -> Iterator[str]:
    """First names and surnames, every pair different."""
    firsts = ["".join(parts).title() for parts in product(_FIRST, _MIDDLE)]
    surnames = ["".join(parts).title() for parts in product(_FIRST, _LAST)]
    for shift in range(len(surnames)):
        for number, first in enumerate(firsts):
            yield f"{first} {surnames[(number + shift) % len(surnames)]}"


def _times(name: str, unit_per_second: int, action: Callable[[], object], runs: int) -> dict[str, float]:
    """Medians over the runs: by the clock, and of the processor."""
    unit = {1: "seconds", 1_000: "ms"}[unit_per_second]
    wall, cpu = [], []
    for _ in range(runs):
        began, began_cpu = time.perf_counter(), time.process_time()
        action()
        cpu.append(time.process_time() - began_cpu)
        wall.append(time.perf_counter() - began)
    return {
        f"{name}_{unit}": round(statistics.median(wall) * unit_per_second, 3),
        f"{name}_cpu_{unit}": round(statistics.median(cpu) * unit_per_second, 3),
    }
