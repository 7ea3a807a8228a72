"""Whole conversations: corrections, ellipsis, pronouns, changes of subject, and conversations that are over.

Scripted exchanges of two to six turns (``exchange_script`` says how they are written) are spoken by the voice
pack, always in the same way, and heard by a device: its voice detector cuts the sound, its recogniser and
its understanding make of it what they can, its skills answer, and what they set in motion is carried out.
Time is the input's, so that nothing depends on how fast the machine is. Each exchange has a device of its own
with a data folder of its own; models are loaded once.

An exchange is right when every turn is understood exactly as the script says (intent and slots, or not at
all), every answer contains what it must, and at the end orders, calls and bookings are those of the script
and no others. ``wrong_although_heard_right`` counts the wrong ones that do not begin with a misheard turn.
With ``--text`` the lines are typed, and nothing can be misheard.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from nearfield_edge.configuration import Configuration
from nearfield_edge.engine_loading import Engines, load_engines
from nearfield_models.grammar.words import split_words
from nearfield_models.store import ModelStore
from nearfield_sync.messages.turn_record import TurnRecord
from tools.bench.exchange_device import Held, Speaker, hold
from tools.bench.exchange_script import Exchange, Said, read_exchanges
from tools.bench.recordings import ROOT
from tools.bench.report import Report, Target
from tools.demo.customer import customer_voice

CACHE: Final = ROOT / "out" / "bench" / "spoken"
TARGETS: Final = (Target(name="all right", figure="share_right", at="least", value=1.0),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One exchange, held and judged."""

    part: str
    name: str
    turns: int
    wrong_turns: int
    was_misheard: bool
    """Whether the first turn that went wrong was transcribed with other words than were said."""
    faults: tuple[str, ...]
    """What was wrong, a line each; empty where the exchange is right."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--text", action="store_true", help="type the lines instead of speaking them")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N of each part")
    parser.add_argument("--part", metavar="NAME", help="only this part, such as coffee")
    parser.add_argument("--show-wrong", action="store_true", help="print what was wrong in each exchange")


def run(arguments: argparse.Namespace) -> Report:
    """Hold the conversations and judge them."""
    chosen = [
        (part, exchange)
        for part, exchanges in read_exchanges().items()
        if arguments.part in (None, part)
        for exchange in exchanges[: arguments.limit]
    ]
    configuration = Configuration()
    speaker = None if arguments.text else _speaker(configuration.engines.tts)
    engines = load_engines(configuration, hear=not arguments.text, speak=False)
    began = time.perf_counter()
    judged = asyncio.run(_hold_all(chosen, engines, speaker))
    if arguments.show_wrong:
        for one in judged:
            for fault in one.faults:
                print(f"{one.part}: {one.name}\n  {fault}")
    how = "typed" if arguments.text else "spoken by the voice pack"
    return Report(
        name="conversations",
        title=f"scripted exchanges, {how}",
        figures={**figures_of(judged), "text": arguments.text, "seconds": time.perf_counter() - began},
        targets=TARGETS,
        packages=("numpy", "onnxruntime", "hassil"),
    )


def figures_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """Sum up; with no exchange at all, only their number."""
    if not judged:
        return {"exchanges": 0}
    parts = dict.fromkeys(one.part for one in judged)
    right = [one for one in judged if not one.faults]
    turns = sum(one.turns for one in judged)
    return {
        "exchanges": len(judged),
        "right": len(right),
        "share_right": len(right) / len(judged),
        "turns": turns,
        "turns_right": turns - sum(one.wrong_turns for one in judged),
        "wrong_although_heard_right": sum(bool(one.faults) and not one.was_misheard for one in judged),
        "right_by_part": {
            part: f"{sum(one.part == part for one in right)} of {sum(one.part == part for one in judged)}"
            for part in parts
        },
        "wrong": [f"{one.part}: {one.name}" for one in judged if one.faults],
    }


def judge(part: str, exchange: Exchange, held: Held) -> Judged:
    """Compare what came of an exchange with its script."""
    by_turn = [faults_of(turn, record) for turn, record in zip(exchange.turns, held.records, strict=True)]
    faults = [fault for faults in by_turn for fault in faults]
    first_wrong = next((number for number, found in enumerate(by_turn) if found), None)
    if held.left != exchange.leaves:
        wanted, left = (leaves.model_dump(exclude_defaults=True) for leaves in (exchange.leaves, held.left))
        faults.append(f"must leave {wanted}, left {left}")
    return Judged(
        part=part,
        name=exchange.name,
        turns=len(exchange.turns),
        wrong_turns=sum(bool(found) for found in by_turn),
        was_misheard=first_wrong is not None
        and not _same_words(exchange.turns[first_wrong].says, held.records[first_wrong]),
        faults=tuple(faults),
    )


def faults_of(turn: Said, record: TurnRecord | None) -> list[str]:
    """What is wrong with a turn, in words."""
    if record is None:
        return [f"“{turn.says}” was not heard"]
    heard = f"“{turn.says}” was heard as “{record.transcript}” and"
    understood = record.understanding
    faults = []
    if (understood.intent, understood.slots) != (turn.intent, turn.slots):
        wanted, meant = _told(turn.intent, turn.slots), _told(understood.intent, understood.slots)
        faults.append(f"{heard} understood as {meant}, expected {wanted}")
    reply = record.reply.text if record.reply is not None else ""
    if turn.reply not in reply.lower():
        faults.append(f"{heard} answered with “{reply}”, which must contain “{turn.reply}”")
    return faults


def _same_words(says: str, record: TurnRecord | None) -> bool:
    words = [word.text for word in split_words(says)]
    return record is not None and words == [word.text for word in split_words(record.transcript)]


def _told(intent: str | None, slots: Mapping[str, Any]) -> str:
    return "nothing" if intent is None else f"{intent} {dict(slots)}"


async def _hold_all(
    chosen: Sequence[tuple[str, Exchange]], engines: Engines, speaker: Speaker | None
) -> list[Judged]:
    judged = []
    for part, exchange in chosen:
        with tempfile.TemporaryDirectory(prefix="nearfield-exchange-") as folder:
            held = await hold(exchange, replace(engines, wake=()), speaker, Path(folder))
        judged.append(judge(part, exchange, held))
    return judged


def _speaker(pack: str) -> Speaker:
    digest = ModelStore.default().installed(pack).digest
    return Speaker(partial(customer_voice, pack), f"{pack} {digest}", CACHE)
