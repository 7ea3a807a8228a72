"""``python -m tools.bench.pause_places`` finds anew where orders can be interrupted by a pause.

A place is before the last "with" or "and", or else before a value that is not the first, at the quietest
moment near where the peer recogniser (faster-whisper) puts the word's beginning. The outcome is kept beside
this file, since it takes minutes and never changes: ``paused_orders`` reads it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_models.pcm import SAMPLES_PER_MS, Samples
from tools.bench.asr import PEER_PROGRAM, peer_model, peer_python
from tools.bench.order_sounds import read_labels, read_sound
from tools.bench.recordings import default_data

PLACES: Final = Path(__file__).with_suffix(".json")
JOINTS: Final = ("with", "and")
_ARTICLES: Final = ("a", "an", "the")
_FEWEST_WORDS_BEFORE: Final = 2
_NEAR_MS: Final = 100
_MOMENT_MS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PausePlace:
    """Where a recording can be interrupted."""

    at_ms: int
    before: str
    """The word that follows."""


def read_places() -> dict[str, PausePlace]:
    """The places that were found, by the recording's name."""
    found: Mapping[str, Any] = json.loads(PLACES.read_text(encoding="utf-8"))
    return {name: PausePlace(**place) for name, place in found.items()}


def chosen_word(words: Sequence[str], slots: Mapping[str, str]) -> int | None:
    """Which word a pause goes before; None where there is none.

    Args:
        words: As they were heard.
        slots: What was ordered.
    """
    plain = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in words]
    later = range(_FEWEST_WORDS_BEFORE, len(plain))
    joints = [at for at in later if plain[at] in JOINTS]
    if joints:
        return joints[-1]
    begins = {value.split()[0] for value in slots.values()}
    values = [at for at in later if plain[at] in begins and plain[at - 1] not in _ARTICLES]
    return values[-1] if values else None


def quietest_ms(samples: Samples, near_ms: int) -> int:
    """The middle of the quietest 20 ms of ``float32[n]`` at 16 kHz near a moment."""
    first = max(0, near_ms - _NEAR_MS)
    moments = range(first, near_ms + _NEAR_MS)
    energies = [
        float(np.square(samples[at * SAMPLES_PER_MS : (at + _MOMENT_MS) * SAMPLES_PER_MS]).sum())
        for at in moments
    ]
    return first + int(np.argmin(energies)) + _MOMENT_MS // 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Find the places of all orders and keep them."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench.pause_places", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    asked = parser.parse_args(arguments)
    labels = read_labels(asked.data / "orders")
    if labels is None:
        print(f"no recordings in {asked.data}: name their folder with --data", file=sys.stderr)
        return 2
    files = {name: asked.data / "orders" / "speech" / name for name in labels}
    command = [str(peer_python()), str(PEER_PROGRAM), str(peer_model()), "1", "--words"]
    told = subprocess.run(
        command,
        input="".join(f"{file}\n" for file in files.values()),
        capture_output=True,
        text=True,
        check=True,
    )
    places = {}
    for (name, file), line in zip(files.items(), told.stdout.splitlines()[1:], strict=True):
        words = json.loads(line)["words"]
        chosen = chosen_word([word for word, _ in words], labels[name]["slots"])
        if chosen is not None:
            at_ms = quietest_ms(read_sound(file), round(words[chosen][1] * 1000))
            places[name] = {"at_ms": at_ms, "before": words[chosen][0].strip(" .,?!").lower()}
    PLACES.write_text(json.dumps(places, indent=1) + "\n", encoding="utf-8")
    print(f"{len(places)} of {len(files)} orders have a place for a pause; written to {PLACES.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
